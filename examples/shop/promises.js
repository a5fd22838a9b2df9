// Sends the requests of the race, and counts them. Windows of one browser tell each other what they send, so that each
// shows the sum. Without this script the form sends one request per press.

const form = document.querySelector("#race form");
const text = (id, value) => { document.getElementById(id).textContent = value; };
const others = new BroadcastChannel("presses");
const before = Number(document.getElementById("presses").textContent);
let sent = 0;
let refused = 0;
let running = 0;
let latest = 0;

async function note(event) {
    if (event.began) {
        sent += event.began;
        running += 1;
    } else {
        refused += event.refused;
        running -= 1;
    }
    document.getElementById("result").hidden = false;
    text("sent", sent);
    text("refused", refused);
    // While requests are under way, the counter has some of them and not all. And an answer counts only if nothing
    // happened since it was asked for.
    text("kept", "…");
    latest += 1;
    const current = latest;
    if (running > 0) return;
    const answer = await fetch("/promises/presses");
    if (!answer.ok) return;
    const presses = Number(await answer.text());
    if (current !== latest) return;
    text("presses", presses);
    text("kept", presses - before);
}

function tell(event) {
    others.postMessage(event);
    return note(event);
}

others.onmessage = (message) => note(message.data);

form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const count = Number(event.submitter?.value) || 1;
    tell({ began: count });
    const press = () => fetch(form.action, { method: "POST", redirect: "manual" });
    const answers = await Promise.allSettled(Array.from({ length: count }, press));
    // The shop answers a kept addition with a redirect.
    const kept = answers.filter((answer) => answer.value?.type === "opaqueredirect").length;
    tell({ refused: count - kept });
});

document.getElementById("burst").hidden = false;
