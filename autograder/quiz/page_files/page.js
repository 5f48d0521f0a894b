"use strict";
// Checks what is typed on the page; the first readable answer to a question is the one that counts.
const items = JSON.parse(document.getElementById("items").textContent);
const results = new Map();

function typed(form, part) {
  const fields = [...form.querySelectorAll(`[name="${CSS.escape(part.name)}"]`)];
  if (part.kind === "mc1" || part.kind === "mcN") {
    const chosen = fields.filter((field) => field.checked).map((field) => field.value);
    return chosen.length || part.kind === "mc1" ? chosen.join(" ") : "none";
  }
  return fields[0].value;
}

function check(item, form) {
  const values = {};
  const unread = [];
  for (const part of item.parts) {
    try {
      values[part.id] = Judge.read(typed(form, part), part);
    } catch (problem) {
      if (!(problem instanceof Judge.Unreadable)) throw problem;
      unread.push(`${item.parts.length > 1 ? part.id + ": " : ""}${problem.message}`);
    }
  }
  if (unread.length) return { unread };
  const wrong = item.parts.filter((part) => !Judge.same(values[part.id], part.truth, part));
  return { wrong: wrong.map((part) => part.id), named: Judge.named(item.lookalikes, values, wrong) };
}

function line(tag, text, name) {
  const element = document.createElement(tag);
  element.textContent = text;
  if (name) element.className = name;
  return element;
}

function show(section, item, found) {
  const place = section.querySelector(".outcome");
  place.replaceChildren();
  if (found.unread) {
    for (const sentence of found.unread) place.append(line("p", `Not counted. ${sentence}`, "soft"));
    return;
  }
  const right = found.wrong.length === 0;
  const word = right ? "✓ right" : found.wrong.length < item.parts.length ? "◐ partly right" : "✗ wrong";
  const chip = line("p", "", "");
  chip.append(line("span", word, `chip ${right ? "right" : found.wrong.length < item.parts.length ? "partial" : "wrong"}`));
  place.append(chip);
  if (!right && item.parts.length > 1) place.append(line("p", `Not right yet: ${found.wrong.join(", ")}.`));
  for (const { part, mistakes } of found.named) {
    mistakes.slice(0, 3).forEach((one, number) => {
      const sentence = line("p", "");
      sentence.append(number ? "or: " : part ? `${part}: ` : "", line("b", one.what), ` ${one.how}`);
      place.append(sentence);
    });
  }
  if (!right && !found.named.length) place.append(line("p", "This matches none of the mistakes known for this question."));
  if (!right) section.querySelector(".solution").hidden = false;
}

function summarise() {
  const all = [...results.values()];
  const right = all.filter((one) => one.wrong.length === 0).length;
  document.getElementById("score").textContent = `${right} of ${all.length} right at the first readable answer; ${items.length - all.length} still open.`;
  const counts = new Map();
  for (const one of all) for (const mistake of new Set(one.named.flatMap((each) => each.mistakes))) counts.set(mistake.what, (counts.get(mistake.what) ?? 0) + 1);
  const rows = [...counts].sort((a, b) => b[1] - a[1]).map(([what, times]) => line("li", `${times} × ${what}`));
  document.getElementById("mistakes").replaceChildren(...rows);
}

for (const section of document.querySelectorAll(".question")) {
  const item = items[Number(section.dataset.item)];
  section.querySelector(".solution").hidden = true;
  section.querySelector("form").addEventListener("submit", (event) => {
    event.preventDefault();
    const found = check(item, event.target);
    show(section, item, found);
    if (found.unread) return;
    if (!results.has(item.number)) results.set(item.number, found);
    section.querySelector(".solution").hidden = false;
    summarise();
  });
}
