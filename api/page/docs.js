// The description in /openapi.json, readable. Small enough to need no viewer from somewhere else.

import { make } from "./dom.js";

const description = await (await fetch("/openapi.json")).json();
const schemas = description.components.schemas;
const groups = new Map();
for (const [path, operations] of Object.entries(description.paths)) {
  for (const [verb, operation] of Object.entries(operations)) {
    const tag = operation.tags?.[0] ?? "other";
    groups.set(tag, [...(groups.get(tag) ?? []), { path, verb, operation }]);
  }
}
const root = document.getElementById("operations");
for (const [tag, all] of groups) root.append(make("h2", "", tag), ...all.map(section));

function section({ path, verb, operation }) {
  const box = make("section");
  const heading = make("h3");
  heading.append(make("span", "verb", verb.toUpperCase()), ` ${path}`);
  box.append(heading, make("p", "", operation.description ?? operation.summary ?? ""));
  const rows = (operation.parameters ?? []).filter((one) => one.in === "query").map((one) => [one.name, one.description ?? ""]);
  const body = operation.requestBody?.content ?? {};
  const schema = body["application/json"]?.schema;
  for (const [name, property] of Object.entries(resolve(schema)?.properties ?? {})) rows.push([name, property.description ?? kind(property)]);
  if (Object.keys(body).length > 1) box.append(make("p", "", `Body: ${Object.keys(body).join(", ")}`));
  if (rows.length) {
    const table = make("table");
    for (const row of rows) {
      const line = make("tr");
      line.append(...row.map((text) => make("td", "", text)));
      table.append(line);
    }
    const fold = make("details");
    fold.append(make("summary", "", schema ? "Fields" : "Parameters"), table);
    box.append(fold);
  }
  return box;
}

function resolve(schema) {
  return schema?.$ref ? schemas[schema.$ref.split("/").at(-1)] : schema;
}

function kind(property) {
  return property.type ?? (property.anyOf ?? []).map((one) => one.type ?? one.$ref?.split("/").at(-1)).filter(Boolean).join(" or ");
}
