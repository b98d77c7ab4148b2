// The live list: newest alerts and decisions, then whatever comes. EventSource can't carry a credential, so the
// stream is read with fetch.

import { el, language, speak, t } from "./common.js";

const KEPT = 200;
const CLOCK = new Intl.DateTimeFormat("sv-SE", { dateStyle: "short", timeStyle: "medium", timeZone: "Asia/Shanghai" });
const rows = new Map(); // "alert:<id>" → {kind, data, at}
const opened = new Set();
let show = "all";
let token = sessionStorage.getItem("wardwatch.token") ?? "";
let lastId = "";
let line = "wait";
let ready = null;
let settled = 0;

const $ = (id) => document.getElementById(id);
const say = (thing, name) => (language === "zh" ? thing[name] : thing[`${name}_en`] || thing[name]);
const headers = (more = {}) => (token ? { ...more, Authorization: `Bearer ${token}` } : more);

function grade({ kind, data }) {
  if (kind === "alert") return data.severity === 2 ? "suspect" : "notice";
  return data.outcome;
}

// A hold before the 2304 is a forecast, and soft launch only reports.
const marks = ({ kind, data }) => kind === "decision" && data.outcome === "hold" && data.infno === "2304" && !data.soft;

function shown(row) {
  if (show === "all") return true;
  if (show === "decision") return row.kind === "decision";
  if (show === "hold") return marks(row);
  return row.kind === "alert" && grade(row) === show;
}

function moment(text) {
  // The same in both languages, and never day before month: 03-06 10:33:00, China time.
  return CLOCK.format(new Date(text)).slice(5);
}

function drawn(key, row) {
  const { kind, data } = row;
  const reasons = data.reasons ?? [];
  const name = kind === "alert" ? say(data, "detector_name") : t("decision_on", { infno: data.infno });
  const label = kind === "alert" ? t(`severity_${data.severity}`) : t(`outcome_${data.outcome}`);
  const stake = data.fund_at_stake ? t("stake", { amount: data.fund_at_stake }) : "";
  const where = [data.fixmedins_code, data.ward, data.mdtrt_id].filter(Boolean).join(" · ");
  const facts = el("dl", {});
  const fact = (word, value) => value && facts.append(el("dt", {}, word), el("dd", {}, value));
  fact(t("institution"), data.fixmedins_code);
  fact(t("ward"), data.ward);
  fact(t("stay"), data.mdtrt_id);
  if (kind === "alert") fact(t(`status_${data.status}`), data.alert_id);
  if (data.soft) fact(t("soft"), " ");
  const details = el("details", {},
    el("summary", {},
      el("time", { datetime: row.at }, moment(row.at)),
      el("span", { class: "tag" }, label),
      el("div", { class: "what" }, el("b", {}, name), el("span", {}, reasons[0] ? say(reasons[0], "text") : "")),
      el("div", { class: "where mono" }, where),
      el("div", { class: "stake" }, stake)),
    el("div", { class: "more" },
      reasons.length ? el("ul", {}, ...reasons.map((reason) => el("li", {}, say(reason, "text")))) : null, facts));
  details.open = opened.has(key);
  details.addEventListener("toggle", () => (details.open ? opened.add(key) : opened.delete(key)));
  return el("li", { class: `${grade(row)}${row.fresh ? " new" : ""}`, "data-key": key }, details);
}

function draw() {
  const sorted = [...rows.entries()].sort((a, b) => (a[1].at < b[1].at ? 1 : -1));
  for (const [key] of sorted.splice(KEPT)) rows.delete(key);
  $("list").replaceChildren(...sorted.filter(([, row]) => shown(row)).map(([key, row]) => drawn(key, row)));
  for (const [, row] of sorted) row.fresh = false;
  const all = sorted.map(([, row]) => row);
  const count = (id, test) => ($(id).textContent = all.filter(test).length);
  count("n-all", () => true);
  count("n-suspect", (row) => grade(row) === "suspect");
  count("n-notice", (row) => grade(row) === "notice");
  count("n-decision", (row) => row.kind === "decision");
  count("n-hold", marks);
  $("empty").hidden = all.length > 0;
  status();
}

function status() {
  const pill = $("line");
  pill.textContent = t(`live_${line}`);
  pill.className = `pill ${line === "on" ? "good" : ""}`;
  $("ready").textContent = ready === null ? "" : t(ready ? "ready_yes" : "ready_no");
  $("ready").className = `pill ${ready ? "good" : "bad"}`;
}

function take(kind, data, fresh) {
  const id = data.alert_id ?? data.decision_id;
  if (!id) return;
  rows.set(`${kind}:${id}`, { kind, data, at: data.updated_at ?? data.decided_at, fresh });
  if (data.supersedes) rows.delete(`decision:${data.supersedes}`);
}

async function first() {
  const answer = await fetch("/api/v1/alerts?limit=100", { headers: headers() });
  if (answer.status === 401 || answer.status === 403) throw new Error("refused");
  if (!answer.ok) throw new Error("later");
  for (const alert of (await answer.json()).items) take("alert", alert, false);
}

// One event of a server-sent stream: "field: value" lines up to an empty one.
function heard(block) {
  const event = { name: "message", data: [] };
  for (const text of block.split(/\r\n|\n|\r/)) {
    const at = text.indexOf(":");
    if (at < 1) continue;
    const value = text.slice(at + 1).replace(/^ /, "");
    const field = text.slice(0, at);
    if (field === "id") lastId = value;
    else if (field === "event") event.name = value;
    else if (field === "data") event.data.push(value);
  }
  if (event.name === "reset") throw new Error("reset");
  if (event.data.length && (event.name === "alert" || event.name === "decision")) {
    take(event.name, JSON.parse(event.data.join("\n")), performance.now() > settled);
  }
}

async function listen() {
  const answer = await fetch("/api/v1/live?recent=300", { headers: headers(lastId ? { "Last-Event-ID": lastId } : {}) });
  if (answer.status === 401 || answer.status === 403) throw new Error("refused");
  if (!answer.ok) throw new Error("later");
  line = "on";
  status();
  settled = Math.max(settled, performance.now() + 1500); // what comes at once is history, not news
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let held = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const blocks = (held + value).split(/\r\n\r\n|\n\n|\r\r/);
    held = blocks.pop();
    blocks.forEach(heard);
    if (blocks.length) draw();
  }
}

async function health() {
  try {
    ready = (await fetch("/readyz")).ok;
  } catch {
    ready = false;
  }
  status();
}

const pause = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));

async function run() {
  $("sign-in").hidden = true;
  $("desk").hidden = false;
  $("leave").hidden = !token;
  for (let wait = 1000; ; wait = Math.min(wait * 2, 15000)) {
    try {
      if (!lastId) await first();
      draw();
      await listen();
      wait = 1000;
    } catch (error) {
      if (error.message === "refused") return door(Boolean(token));
      if (error.message === "reset") lastId = "";
    }
    line = "off";
    status();
    await pause(wait);
  }
}

function door(refused) {
  token = "";
  sessionStorage.removeItem("wardwatch.token");
  rows.clear();
  lastId = "";
  $("desk").hidden = true;
  $("leave").hidden = true;
  $("line").textContent = "";
  $("sign-in").hidden = false;
  $("refused").hidden = !refused;
  $("token").focus();
}

for (const button of document.querySelectorAll("[data-show]")) {
  button.addEventListener("click", () => {
    show = button.dataset.show;
    for (const other of document.querySelectorAll("[data-show]")) other.setAttribute("aria-pressed", String(other === button));
    draw();
  });
}
$("sign-in").addEventListener("submit", (event) => {
  event.preventDefault();
  token = $("token").value.trim();
  $("token").value = "";
  sessionStorage.setItem("wardwatch.token", token);
  run();
});
$("leave").addEventListener("click", () => {
  sessionStorage.removeItem("wardwatch.token");
  location.reload();
});

await speak(draw);
health();
setInterval(health, 15000);
run();
