//! Messages of compile errors, built in constants.

/// Maximum length of a message in bytes.
const CAPACITY: usize = 2048;

/// A message under construction. A part that does not fit is replaced by `...`.
pub(super) struct Message {
    bytes: [u8; CAPACITY],
    len: usize,
}

impl Message {
    pub(super) const fn new() -> Self {
        Self { bytes: [0; CAPACITY], len: 0 }
    }

    pub(super) const fn put(mut self, text: &str) -> Self {
        if let Some((_, free)) = self.bytes.split_at_mut_checked(self.len)
            && let Some((target, _)) = free.split_at_mut_checked(text.len())
        {
            target.copy_from_slice(text.as_bytes());
            self.len += text.len();
            return self;
        }
        if text.len() > 3 { self.put("...") } else { self }
    }

    pub(super) const fn number(self, number: u32) -> Self {
        let before = if number >= 10 { self.number(number / 10) } else { self };
        before.put(match number % 10 {
            0 => "0",
            1 => "1",
            2 => "2",
            3 => "3",
            4 => "4",
            5 => "5",
            6 => "6",
            7 => "7",
            8 => "8",
            _ => "9",
        })
    }

    pub(super) const fn as_str(&self) -> &str {
        match self.bytes.split_at_checked(self.len) {
            Some((text, _)) => match str::from_utf8(text) {
                Ok(text) => text,
                Err(_) => "",
            },
            None => "",
        }
    }
}
