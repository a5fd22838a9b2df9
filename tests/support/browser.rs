//! A real browser: headless Chromium, driven over the WebDriver protocol by `chromedriver`.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::fs::MetadataExt as _;
use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};

use crate::servers::{Process, TempDir, free_port, is_listening, wait_until};

/// The keys that a test can press, beside characters.
pub mod key {
    pub const TAB: &str = "\u{e004}";
    pub const ENTER: &str = "\u{e007}";
}

/// A browser with an empty profile and one window.
pub struct Browser {
    session: String,
    port: u16,
    _driver: Process,
    _profile: TempDir,
}

/// A server's answer.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub head: String,
    pub text: String,
}

impl Browser {
    pub fn start() -> Self {
        Self::with_preferences(&json!({}))
    }

    /// A browser whose pages run no scripts. Those of the tests still run.
    pub fn without_javascript() -> Self {
        Self::with_preferences(&json!({ "profile.managed_default_content_settings.javascript": 2 }))
    }

    fn with_preferences(preferences: &Value) -> Self {
        let (port, profile) = (free_port(), TempDir::new("chromium"));
        let driver = Process::start(Command::new("chromedriver").arg(format!("--port={port}")));
        wait_until("chromedriver answers", || is_listening(port));
        let mut arguments: Vec<String> = ARGUMENTS.map(Into::into).into();
        arguments.push(format!("--user-data-dir={}", profile.path().display()));
        // Chromium has no sandbox for root.
        if std::fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0) {
            arguments.push("--no-sandbox".into());
        }
        let options = json!({ "args": arguments, "prefs": preferences });
        let capabilities = json!({"capabilities": {"alwaysMatch": {"goog:chromeOptions": options}}});
        let opened = command(port, "POST", "/session", Some(&capabilities));
        let session = opened.as_ref().ok().and_then(|value| value["sessionId"].as_str());
        let Some(session) = session else {
            panic!("Chromium does not start: {opened:?}; `.ci/run setup` installs what the tests need");
        };
        Self { session: format!("/session/{session}"), port, _driver: driver, _profile: profile }
    }

    /// Opens an address, and waits for the page.
    pub fn open(&self, url: &str) {
        self.command("POST", "/url", Some(&json!({ "url": url })));
    }

    /// Clicks an element that leads to another page, and waits for the page.
    pub fn follow(&self, selector: &str) {
        self.run("window.left = true");
        self.command("POST", &format!("{}/click", self.element(selector)), Some(&json!({})));
        self.wait_for_another_page();
    }

    pub fn reload(&self) {
        self.command("POST", "/refresh", Some(&json!({})));
    }

    /// Clicks what does not lead to another page.
    pub fn click(&self, selector: &str) {
        self.command("POST", &format!("{}/click", self.element(selector)), Some(&json!({})));
    }

    /// Presses keys one after the other, as on a keyboard.
    pub fn press(&self, keys: &[&str]) {
        let strokes = keys
            .iter()
            .flat_map(|key| [json!({ "type": "keyDown", "value": key }), json!({ "type": "keyUp", "value": key })]);
        let keyboard = json!({ "type": "key", "id": "keyboard", "actions": strokes.collect::<Vec<_>>() });
        self.command("POST", "/actions", Some(&json!({ "actions": [keyboard] })));
    }

    /// Presses a key that leads to another page, and waits for it.
    pub fn press_and_follow(&self, key: &str) {
        self.run("window.left = true");
        self.press(&[key]);
        self.wait_for_another_page();
    }

    /// Gives the page the width and height of a phone.
    pub fn become_phone(&self, width: u32, height: u32) {
        let metrics = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": true });
        self.devtools("Emulation.setDeviceMetricsOverride", &metrics);
    }

    /// Says which colours the system prefers: `dark` or `light`.
    pub fn prefer_colours(&self, scheme: &str) {
        let feature = json!({ "name": "prefers-color-scheme", "value": scheme });
        self.devtools("Emulation.setEmulatedMedia", &json!({ "features": [feature] }));
    }

    fn devtools(&self, command: &str, parameters: &Value) {
        let call = json!({ "cmd": command, "params": parameters });
        self.command("POST", "/goog/cdp/execute", Some(&call));
    }

    /// The window that commands go to.
    pub fn window(&self) -> String {
        self.command("GET", "/window", None).as_str().expect("a window").into()
    }

    /// Opens another window, and sends commands there.
    pub fn open_window(&self) -> String {
        let opened = self.command("POST", "/window/new", Some(&json!({ "type": "window" })));
        let window = opened["handle"].as_str().expect("a window").to_owned();
        self.switch_to(&window);
        window
    }

    pub fn switch_to(&self, window: &str) {
        self.command("POST", "/window", Some(&json!({ "handle": window })));
    }

    /// Replaces the text of a form field.
    pub fn fill(&self, selector: &str, text: &str) {
        let element = self.element(selector);
        self.command("POST", &format!("{element}/clear"), Some(&json!({})));
        self.command("POST", &format!("{element}/value"), Some(&json!({ "text": text })));
    }

    /// The text of the first element that `selector` finds, if there is one.
    pub fn text(&self, selector: &str) -> Option<String> {
        let found = self.run(&format!("return document.querySelector({})?.textContent", json!(selector)));
        found.as_str().map(Into::into)
    }

    /// Runs a script in the page.
    pub fn run(&self, script: &str) -> Value {
        self.command("POST", "/execute/sync", Some(&json!({ "script": script, "args": [] })))
    }

    /// The path of the page.
    pub fn path(&self) -> String {
        self.run("return location.pathname").as_str().expect("a path").into()
    }

    /// The cookies that the browser sends to the page's server.
    pub fn cookies(&self) -> Vec<Value> {
        match self.command("GET", "/cookie", None) {
            Value::Array(cookies) => cookies,
            other => panic!("not cookies: {other}"),
        }
    }

    fn wait_for_another_page(&self) {
        let script = json!({ "script": "return !window.left && document.readyState === 'complete'", "args": [] });
        wait_until("another page", || {
            // Between two pages no script can run.
            self.try_command("POST", "/execute/sync", Some(&script)).is_ok_and(|there| there == json!(true))
        });
    }

    fn element(&self, selector: &str) -> String {
        let found = self.command("POST", "/element", Some(&json!({ "using": "css selector", "value": selector })));
        let id = found.as_object().and_then(|element| element.values().next()?.as_str());
        format!("/element/{}", id.expect("an element's id"))
    }

    fn command(&self, method: &str, path: &str, body: Option<&Value>) -> Value {
        self.try_command(method, path, body).unwrap_or_else(|error| panic!("{method} {path} {body:?}: {error}"))
    }

    fn try_command(&self, method: &str, path: &str, body: Option<&Value>) -> Result<Value, String> {
        command(self.port, method, &format!("{}{path}", self.session), body)
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // Chromium is a child process of the driver, so only the driver can end it.
        let _ = self.try_command("DELETE", "", None);
    }
}

const ARGUMENTS: [&str; 9] = [
    "--headless",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--window-size=1100,900",
];

fn command(port: u16, method: &str, path: &str, body: Option<&Value>) -> Result<Value, String> {
    let body = body.map(Value::to_string).unwrap_or_default();
    let reply = request(port, method, path, "content-type: application/json\r\n", &body);
    let mut answer: Value = serde_json::from_str(&reply.text).unwrap_or_else(|error| panic!("{error}: {reply:?}"));
    match reply.status {
        200 => Ok(answer["value"].take()),
        _ => Err(answer["value"]["message"].to_string()),
    }
}

/// One HTTP request on a connection of its own. `headers` end with a line break each.
pub fn request(port: u16, method: &str, path: &str, headers: &str, body: &str) -> Reply {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("a connection");
    stream.set_read_timeout(Some(Duration::from_secs(60))).expect("a timeout");
    let length = body.len();
    let head = format!("{method} {path} HTTP/1.1\r\nhost: localhost:{port}\r\ncontent-length: {length}\r\n");
    stream.write_all(format!("{head}{headers}\r\n{body}").as_bytes()).expect("sending");
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        assert_ne!(reader.read_line(&mut head).expect("a head"), 0, "the server closed the connection");
    }
    let head = head.to_ascii_lowercase();
    // `chromedriver` keeps the connection open even if it is asked to close it.
    let length = head.lines().find_map(|line| line.strip_prefix("content-length:"));
    let mut body = vec![0; length.map_or(0, |length| length.trim().parse().expect("a length"))];
    reader.read_exact(&mut body).expect("a body");
    let text = String::from_utf8(body).expect("text");
    Reply { status: head[9..12].parse().expect("a status"), head, text }
}
