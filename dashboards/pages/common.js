// What both pages share: words in two languages, and elements without markup in strings.

const KEY = "wardwatch.language";
let words = { zh: {}, en: {} };
export let language = localStorage.getItem(KEY) === "en" ? "en" : "zh";

export function t(key, values = {}) {
  const sentence = words[language][key] ?? key;
  return sentence.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
}

// Text only ever enters the page as text: whatever a hospital wrote is shown and never run.
export function el(tag, options = {}, ...children) {
  const node = document.createElement(tag);
  const { class: name, ...rest } = options;
  if (name) node.className = name;
  for (const [key, value] of Object.entries(rest)) node.setAttribute(key, value);
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

function relabel() {
  document.documentElement.lang = language === "zh" ? "zh-CN" : "en";
  for (const node of document.querySelectorAll("[data-t]")) node.textContent = t(node.dataset.t);
  for (const node of document.querySelectorAll("[data-t-label]")) node.setAttribute("aria-label", t(node.dataset.tLabel));
  const button = document.getElementById("language");
  button.lang = language === "zh" ? "en" : "zh-CN";
  button.setAttribute("aria-label", t("language_label"));
}

export async function speak(redraw) {
  words = await (await fetch("/assets/texts.json")).json();
  document.getElementById("language").addEventListener("click", () => {
    language = language === "zh" ? "en" : "zh";
    localStorage.setItem(KEY, language);
    relabel();
    redraw();
  });
  relabel();
}
