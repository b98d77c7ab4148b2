// The interface document, drawn from /openapi.json without any library.

import { el, speak, t } from "./common.js";

const VERBS = ["get", "post", "put", "delete", "patch"];
let spec = null;

function resolved(schema) {
  if (!schema?.$ref) return schema ?? {};
  return spec.components.schemas[schema.$ref.split("/").pop()] ?? {};
}

function type(schema) {
  if (schema.$ref) return schema.$ref.split("/").pop();
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(" | ");
  if (schema.anyOf) return schema.anyOf.map(type).join(" | ");
  if (schema.type === "array") return `[${type(schema.items ?? {})}]`;
  return [schema.type, schema.format].filter(Boolean).join(" ");
}

function fields(schema, depth = 0) {
  const shape = resolved(schema);
  return Object.entries(shape.properties ?? {}).flatMap(([name, field]) => {
    const needed = (shape.required ?? []).includes(name);
    const inner = field.$ref ?? field.items?.$ref ?? (field.anyOf ?? []).map((each) => each.$ref).find(Boolean);
    const row = el("tr", {},
      el("td", { class: "mono" }, `${"\u00a0".repeat(depth * 3)}${name}`),
      el("td", {}, type(field), needed ? el("span", { class: "soft" }, `  ${t("docs_required")}`) : null));
    return inner && depth < 3 ? [row, ...fields({ $ref: inner }, depth + 1)] : [row];
  });
}

function call(path, verb, operation) {
  const body = el("div", { class: "body" }, operation.description ?? "");
  if (operation["x-action"]) body.append(el("h3", {}, t("docs_permission")), el("span", { class: "mono" }, operation["x-action"]));
  if (operation.parameters?.length) {
    body.append(el("h3", {}, t("docs_parameters")), el("table", {}, ...operation.parameters.map((one) => el("tr", {},
      el("td", { class: "mono" }, one.name),
      el("td", {}, [one.in, type(one.schema ?? {}), one.required ? t("docs_required") : "", one.description ?? ""].filter(Boolean).join("  "))))));
  }
  for (const [media, content] of Object.entries(operation.requestBody?.content ?? {})) {
    body.append(el("h3", {}, `${t("docs_request")}  ${media}`), el("table", {}, ...fields(content.schema)));
  }
  body.append(el("h3", {}, t("docs_answers")), el("table", {}, ...Object.entries(operation.responses).map(([status, answer]) => {
    const [media, content] = Object.entries(answer.content ?? {})[0] ?? ["", {}];
    return el("tr", {}, el("td", { class: "mono" }, status),
      el("td", {}, [answer.description, content.schema ? type(content.schema) : "", media].filter(Boolean).join("  ")));
  })));
  return el("details", {}, el("summary", {}, el("span", { class: "verb" }, verb.toUpperCase()),
    el("span", { class: "path mono" }, path), el("span", { class: "soft" }, operation.summary ?? "")), body);
}

function draw() {
  const groups = new Map();
  for (const [path, operations] of Object.entries(spec.paths)) {
    for (const verb of VERBS.filter((each) => operations[each])) {
      const name = operations[verb].tags?.[0] ?? "";
      if (!groups.has(name)) groups.set(name, []);
      groups.get(name).push(call(path, verb, operations[verb]));
    }
  }
  const parts = [...groups].flatMap(([name, calls]) => [el("h2", {}, name), ...calls]);
  document.getElementById("calls").replaceChildren(...parts);
}

spec = await (await fetch("/openapi.json")).json();
await speak(draw);
draw();
