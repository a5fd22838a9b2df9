//! Requests that were once answered wrongly, each simulated with many orders and faults.

use session::testing::{Choices, Faults, simulate};
use session_tests::simulation::steps::{Field, How, Inside, Step};
use session_tests::simulation::world_of;

struct Case {
    name: &'static str,
    /// The rule that was broken.
    rule: &'static str,
    /// The requests among which each run draws, with new marks and users.
    requests: fn(&mut Choices) -> Vec<Step>,
}

fn unique(choices: &mut Choices) -> u64 {
    1 + u64::from(choices.below(u32::MAX))
}

/// A user who is logged in, with a mark that a login keeps.
fn logged_in(choices: &mut Choices) -> Vec<Step> {
    vec![Step::Login(0, unique(choices)), Step::Commit(0), Step::Mark(0, Field::Cart, unique(choices))]
}

fn assigned(choices: &mut Choices, how: How) -> Vec<Step> {
    match choices.below(3) {
        0 => vec![Step::Mark(0, Field::Marks, unique(choices)), Step::Assign(0, Some(unique(choices)), how)],
        1 => [logged_in(choices), vec![Step::Assign(0, None, how)]].concat(),
        _ => [logged_in(choices), vec![Step::Assign(0, Some(unique(choices)), how)]].concat(),
    }
}

const CASES: &[Case] = &[
    Case {
        name: "a change after an abandoned commit that the store refuses",
        rule: "lost",
        requests: |choices| {
            let [one, two] = [unique(choices), unique(choices)];
            vec![Step::Mark(0, Field::Marks, one), Step::CommitOrNot(0), Step::Mark(0, Field::Marks, two)]
        },
    },
    Case {
        name: "a handle is dropped while the commit of another one is refused",
        rule: "lost",
        requests: |choices| {
            let [one, two] = [unique(choices), unique(choices)];
            let marks = [Step::Mark(0, Field::Marks, one), Step::Mark(1, Field::Marks, two)];
            [&marks[..], &[Step::Fork, Step::Commit(0), Step::Drop(1)]].concat()
        },
    },
    Case {
        name: "the closure of an update drops another handle",
        rule: "lost",
        requests: |choices| {
            let [one, two] = [unique(choices), unique(choices)];
            vec![Step::Mark(0, Field::Marks, one), Step::Update(1, Field::Marks, two, Inside::Drop(0))]
        },
    },
    Case {
        name: "a change after an abandoned first commit and an abandoned update",
        rule: "twice",
        requests: |choices| {
            let [one, two, three] = [unique(choices), unique(choices), unique(choices)];
            let begun =
                [Step::Mark(0, Field::Surviving, one), Step::CommitOrNot(0), Step::UpdateOrNot(0, Field::Cart, two)];
            [&begun[..], &[Step::Mark(0, Field::Surviving, three)]].concat()
        },
    },
    Case {
        name: "logout and login by one handle, after a change by another one",
        rule: "leak",
        requests: |choices| [logged_in(choices), vec![Step::Logout(1), Step::Login(1, unique(choices))]].concat(),
    },
    Case {
        name: "login while another user is logged in",
        rule: "leak",
        requests: |choices| [logged_in(choices), vec![Step::Login(0, unique(choices))]].concat(),
    },
    Case { name: "the user is assigned", rule: "leak", requests: |choices| assigned(choices, How::Field) },
    Case { name: "the user is set", rule: "leak", requests: |choices| assigned(choices, How::Setter) },
    Case { name: "the user is changed by a borrow", rule: "leak", requests: |choices| assigned(choices, How::Borrow) },
    Case { name: "the user is set by a key", rule: "leak", requests: |choices| assigned(choices, How::Key) },
    Case {
        name: "the user is assigned in an update",
        rule: "leak",
        requests: |choices| assigned(choices, How::InUpdate),
    },
    Case {
        name: "a login by a handle that was made before the login of another one",
        rule: "leak",
        requests: |choices| {
            let [one, two] = [unique(choices), unique(choices)];
            let (first, mark) = (unique(choices), unique(choices));
            vec![
                Step::Mark(0, Field::Surviving, one),
                Step::Login(1, first),
                Step::Commit(1),
                Step::Mark(1, Field::Cart, mark),
                Step::Commit(1),
                Step::Login(0, two),
            ]
        },
    },
    Case {
        name: "a handle that is made after a destruction, while a commit from before it is under way",
        rule: "leak",
        requests: |choices| {
            let [one, two] = [unique(choices), unique(choices)];
            let begun = [Step::Login(0, unique(choices)), Step::Commit(0), Step::Mark(0, Field::Marks, one)];
            [&begun[..], &[Step::CommitOrNot(0), Step::Destroy(0), Step::Mark(1, Field::Surviving, two)]].concat()
        },
    },
    Case {
        name: "changes before and after a second login of the same user",
        rule: "twice",
        requests: |choices| {
            let [one, two] = [unique(choices), unique(choices)];
            let first = [Step::Login(0, unique(choices)), Step::Mark(0, Field::Marks, one)];
            [&first[..], &[Step::LoginAgain(0), Step::Mark(0, Field::Marks, two)]].concat()
        },
    },
    Case {
        name: "login, then 500",
        rule: "failed login",
        requests: |choices| vec![Step::Login(0, unique(choices)), Step::Fail],
    },
    Case {
        name: "login, then a panic that a layer catches",
        rule: "failed login",
        requests: |choices| vec![Step::Login(0, unique(choices)), Step::Drop(0), Step::Panic],
    },
    Case {
        name: "two logins at once",
        rule: "refused login or logout",
        requests: |choices| match choices.once_in(2) {
            true => vec![Step::Login(0, unique(choices))],
            false => vec![Step::Mark(0, Field::Surviving, unique(choices))],
        },
    },
    Case {
        name: "two logouts at once",
        rule: "refused login or logout",
        requests: |choices| match choices.once_in(2) {
            true => vec![Step::Logout(0)],
            false => vec![Step::Mark(0, Field::Surviving, unique(choices))],
        },
    },
    Case {
        name: "two destructions by one request",
        rule: "no new token",
        requests: |choices| match choices.once_in(2) {
            true => vec![Step::Destroy(0), Step::Commit(1), Step::Destroy(1)],
            false => vec![Step::Mark(0, Field::Surviving, unique(choices))],
        },
    },
];

#[test]
fn known_cases_keep_the_rules() {
    let mut broken = Vec::new();
    for case in CASES {
        let rule = case.rule;
        let world = world_of(case.requests, Faults::all(), move |applies| applies == rule).reduce(false);
        if let Some(violation) = (0..300).find_map(|seed| simulate(seed, &world).err()) {
            broken.push(format!("{}: seed {}: {}", case.name, violation.seed(), violation.rule()));
        }
    }
    assert!(broken.is_empty(), "{} of {} cases: {broken:#?}", broken.len(), CASES.len());
}
