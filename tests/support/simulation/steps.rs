//! What a handler can be asked to do.

use session::testing::Choices;

/// One step of a handler. The first number is the handle, from 0 to 2: it is made when it is first used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    Read(usize),
    /// Puts a unique mark into a field.
    Mark(usize, Field, u64),
    Login(usize, u64),
    /// Logs in the user who is logged in.
    LoginAgain(usize),
    Logout(usize),
    Rotate(usize),
    Destroy(usize),
    /// Changes the user without `login` and `logout`.
    Assign(usize, Option<u64>, How),
    Commit(usize),
    /// Begins a commit, and perhaps stops waiting for it.
    CommitOrNot(usize),
    Update(usize, Field, u64, Inside),
    UpdateOrNot(usize, Field, u64),
    /// An update by a task that outlives the request.
    Detach(usize, Field, u64),
    Drop(usize),
    Pause,
    /// From here on, the steps of each handle run concurrently with those of the others.
    Fork,
    /// The handler answers 500.
    Fail,
    /// Panics, in a layer that answers 500.
    Panic,
    /// Panics, without such a layer.
    PanicThrough,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Field {
    /// Reset by login and logout.
    Marks,
    /// Kept by a login.
    Cart,
    /// Kept by both.
    Surviving,
    /// The last writer wins.
    Plain,
    /// A flash.
    Notice,
}

/// How the user is changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    Field,
    Setter,
    Borrow,
    Key,
    InUpdate,
}

/// What an update does beside its mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Inside {
    Nothing,
    Login(u64),
    Logout,
    /// Drops this other handle.
    Drop(usize),
}

/// Which requests a world has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mix {
    /// Requests that change data, and rotations: nothing is ever reset.
    Data,
    /// Logins, logouts, destructions as well.
    Logins,
}

impl Step {
    /// The mark that the step puts into a field.
    pub fn mark(&self) -> Option<(Field, u64)> {
        match *self {
            Self::Mark(_, field, mark)
            | Self::Update(_, field, mark, _)
            | Self::UpdateOrNot(_, field, mark)
            | Self::Detach(_, field, mark) => Some((field, mark)),
            _ => None,
        }
    }

    /// The user that the step logs in.
    pub fn login(&self) -> Option<u64> {
        match *self {
            Self::Login(_, user) | Self::Assign(_, Some(user), _) | Self::Update(_, _, _, Inside::Login(user)) => {
                Some(user)
            },
            _ => None,
        }
    }

    /// Whether fields may be reset.
    pub fn resets(&self) -> bool {
        matches!(
            self,
            Self::Login(..)
                | Self::LoginAgain(_)
                | Self::Logout(_)
                | Self::Destroy(_)
                | Self::Assign(..)
                | Self::Update(_, _, _, Inside::Login(_) | Inside::Logout)
        )
    }

    pub fn handle(&self) -> Option<usize> {
        match *self {
            Self::Read(handle)
            | Self::Mark(handle, ..)
            | Self::Login(handle, _)
            | Self::LoginAgain(handle)
            | Self::Logout(handle)
            | Self::Rotate(handle)
            | Self::Destroy(handle)
            | Self::Assign(handle, ..)
            | Self::Commit(handle)
            | Self::CommitOrNot(handle)
            | Self::Update(handle, ..)
            | Self::UpdateOrNot(handle, ..)
            | Self::Detach(handle, ..)
            | Self::Drop(handle) => Some(handle),
            Self::Pause | Self::Fork | Self::Fail | Self::Panic | Self::PanicThrough => None,
        }
    }
}

const FIELDS: [Field; 8] = [
    Field::Marks,
    Field::Cart,
    Field::Surviving,
    Field::Marks,
    Field::Cart,
    Field::Surviving,
    Field::Plain,
    Field::Notice,
];
const HOWS: [How; 5] = [How::Field, How::Setter, How::Borrow, How::Key, How::InUpdate];

/// The steps of one request.
pub(super) fn request(choices: &mut Choices, mix: Mix) -> Vec<Step> {
    let handles = 1 + choices.below(6) / 3 + choices.below(6) / 5;
    let count = 1 + choices.below(6);
    let mut steps: Vec<Step> = (0..count).map(|_| step(choices, mix, handles)).collect();
    if handles > 1 && choices.once_in(4) {
        let at = choices.below(count) as usize;
        steps.insert(at, Step::Fork);
    }
    let ends_badly = choices.below(24);
    match ends_badly {
        0 | 1 => steps.push(Step::Fail),
        2 => steps.push(Step::Panic),
        3 => steps.push(Step::PanicThrough),
        _ => {},
    }
    steps
}

fn step(choices: &mut Choices, mix: Mix, handles: u32) -> Step {
    let handle = choices.below(handles) as usize;
    let field = *choices.pick(&FIELDS).unwrap_or(&Field::Marks);
    // Unique, because two of four billion are hardly ever equal; never 0, which stands for no value.
    let mark = 1 + u64::from(choices.below(u32::MAX));
    let kinds = match mix {
        Mix::Data => 20,
        Mix::Logins => 32,
    };
    match choices.below(kinds) {
        0..=5 => Step::Mark(handle, field, mark),
        6 | 7 => Step::Read(handle),
        8 | 9 => Step::Commit(handle),
        10 | 11 => Step::CommitOrNot(handle),
        12 | 13 => {
            let other = choices.below(handles) as usize;
            let inside = if other == handle { Inside::Nothing } else { Inside::Drop(other) };
            Step::Update(handle, field, mark, inside)
        },
        14 => Step::UpdateOrNot(handle, field, mark),
        15 => Step::Detach(handle, field, mark),
        16 | 17 => Step::Drop(handle),
        18 => Step::Pause,
        19 => Step::Rotate(handle),
        20..=23 => Step::Login(handle, mark),
        24 => Step::LoginAgain(handle),
        25 | 26 => Step::Logout(handle),
        27 => Step::Destroy(handle),
        28 => Step::Assign(handle, None, *choices.pick(&HOWS).unwrap_or(&How::Field)),
        29 | 30 => Step::Assign(handle, Some(mark), *choices.pick(&HOWS).unwrap_or(&How::Field)),
        _ if choices.once_in(2) => Step::Update(handle, field, mark, Inside::Logout),
        _ => Step::Update(handle, field, mark, Inside::Login(mark)),
    }
}
