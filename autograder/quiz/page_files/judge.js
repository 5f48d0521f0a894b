"use strict";
// Reads and judges typed answers as autograder/answers does; a test holds the two together.
const Judge = (() => {
  class Unreadable extends Error {}
  class Blank extends Unreadable {}

  const SAME = {
    "\u2212": "-", "\u2013": "-", "\u2010": "-", "\u2011": "-", "\u2012": "-", "\uff0d": "-", "\uff0b": "+",
    "\uff0c": ",", "\u3001": ",", "\uff0e": ".", "\uff1b": ";", "\uff08": "(", "\uff09": ")", "\uff3b": "[",
    "\uff3d": "]", "\u2044": "/", "\u2215": "/", "\u00a0": " ", "\u2007": " ", "\u2009": " ", "\u202f": " ",
    "\u3000": " ", "\u200b": "", "\u200c": "", "\u200d": "", "\u2060": "", "\ufeff": "",
  };

  function plain(text) {
    if (text.length > 20000) throw new Unreadable("This answer is too long; write just the result.");
    text = text.replace(/[\u2010-\u2013\u2212\u2044\u2215\u00a0\u2007\u2009\u202f\u3000\u3001\u200b-\u200d\u2060\ufeff\uff08\uff09\uff0b-\uff0e\uff1b\uff3b\uff3d]/g, (c) => SAME[c] ?? c);
    text = text.replace(/[\uff10-\uff19]/g, (c) => String(c.charCodeAt(0) - 0xff10));
    text = text.replace(/\r\n?/g, "\n").trim();
    if (text.length > 1 && text.startsWith("$") && text.endsWith("$")) text = text.replace(/^\$+|\$+$/g, "").trim();
    if (!text) throw new Blank("There is no answer here yet.");
    return text;
  }

  function whole(text) {
    if (/^[+-]?[0-9]{1,3}(,[0-9]{3}){2,5}$/.test(text)) return Number(text.replaceAll(",", ""));
    if (/^[+-]?[0-9]{1,18}(\.0{0,18})?$/.test(text)) return Number(text.split(".")[0]);
    const value = DECIMAL.test(text) ? decimal(text) : null;
    return value !== null && Number.isInteger(value) && Math.abs(value) <= 2 ** 53 ? value : null;
  }

  const DECIMAL = /^[+-]?([0-9]{1,30}(\.[0-9]{0,60})?|\.[0-9]{1,60})([eE][+-]?[0-9]{1,3})?$/;

  function decimal(text) {
    const ratio = rational(text);
    if (ratio) return Number(ratio[0]) / Number(ratio[1]);
    const value = DECIMAL.test(text) ? Number(text) : NaN;
    return Number.isFinite(value) ? value : null;
  }

  function commaNumber(text) {
    const found = /^([+-]?)([0-9]{1,18}),([0-9]{1,18})$/.exec(text);
    if (!found || (found[3].length === 3 && found[2].replace(/^0+|0+$/g, "") && found[2].length <= 3)) return null;
    return Number(`${found[1]}${found[2]}.${found[3]}`);
  }

  function rational(text) {
    const found = /^([+-]?[0-9]{1,18})\s*\/\s*([+-]?[0-9]{1,18})$/.exec(text);
    if (found) return Number(found[2]) ? [big(found[1]), big(found[2])] : null;
    return /^[+-]?[0-9]{1,18}(\.0{0,18})?$/.test(text) ? [big(text.split(".")[0]), 1n] : null;
  }

  const big = (text) => BigInt(text.replace(/^\+/, ""));

  // Numbers in rows: the same rules as `nested` in autograder/answers/reading.py.
  function nested(text, entry, deep) {
    text = text.replace(/\\(?:begin|end)\{[a-z]{1,10}\}|\\(?:left|right)\s*(?=[[\]()])/g, " ");
    text = text.replaceAll("\\\\", ";").replaceAll("&", " ").trim();
    const wrapped = /^(?:(?:np|numpy|torch)\s*\.\s*)?(?:array|asarray|matrix|tensor)\s*\(([\s\S]*)\)$/.exec(text);
    if (wrapped) {
      text = wrapped[1].trim().replace(/,+$/, "");
      text = text.replace(/,\s*(?:dtype\s*=\s*)?(?:np\.|numpy\.|torch\.)?(?:int|float|double)\w{0,8}\s*$/, "").trim();
    }
    if (text.includes("...")) throw new Unreadable("Some numbers are left out (...); write all of them.");
    const fresh = (bracket) => ({ bracket, items: [], rows: [], lines: [], blocks: [], comma: true });
    const open = [fresh("")];
    let cells = 0;
    for (const token of text.match(/[[(]|[\])]|[;,]|\n[ \t]*\n\s*|\n|[^\s[\]();,]+/g) ?? []) {
      const level = open[open.length - 1];
      if (token === "[" || token === "(") {
        if (open.length > 6) throw new Unreadable("There are too many levels of brackets; write one bracket per row.");
        open.push(fresh(token));
      } else if (token === "]" || token === ")") {
        if (!["[]", "()"].includes(level.bracket + token)) {
          throw new Unreadable(`The bracket ${token} does not match; close every bracket that is opened.`);
        }
        open.pop();
        put(open[open.length - 1], close(level, deep, open.length === 1));
      } else if (token === "," || token === ";" || token[0] === "\n") {
        if ((token === "," || token === ";") && level.comma) {
          throw new Unreadable("A number is missing beside a comma; write every entry.");
        }
        if (token === ",") level.comma = true;
        else if (token === ";") level.rows.push(level.items.length);
        else (token.split("\n").length > 2 ? level.blocks : level.lines).push(level.items.length);
      } else {
        cells += 1;
        if (cells > 4096) throw new Unreadable("There are too many numbers here; write just the result.");
        const value = token.length <= 120 ? entry(token) : null;
        if (value === null) throw new Unreadable(`“${token.slice(0, 20)}” cannot be read as a number of the kind asked for.`);
        put(level, value);
      }
    }
    if (open.length > 1) throw new Unreadable("A bracket is not closed; close every bracket that is opened.");
    const items = close(open[0], deep, true);
    return items.length === 1 && Array.isArray(items[0]) ? items[0] : items;
  }

  function put(level, item) {
    level.items.push(item);
    level.comma = false;
  }

  function close(level, deep, outer) {
    const lists = level.items.map(Array.isArray);
    if (lists.some(Boolean)) {
      if (!lists.every(Boolean)) throw new Unreadable("Rows and single numbers are mixed; put every row in its own brackets.");
      return level.items;
    }
    const ends = new Set([...level.rows, ...(outer && deep > 1 ? [...level.lines, ...level.blocks] : [])]);
    if (deep < 3 || !outer || !level.blocks.length) return cut(level.items, ends);
    const blocks = [];
    let start = 0;
    for (const stop of [...new Set([...level.blocks, level.items.length])].sort((a, b) => a - b)) {
      const rows = cut(level.items.slice(start, stop), new Set([...ends].map((end) => end - start)));
      blocks.push(rows.length && Array.isArray(rows[0]) ? rows : [rows]);
      start = stop;
    }
    return blocks.filter((block) => !(block.length === 1 && block[0].length === 0));
  }

  function cut(items, ends) {
    const stops = [...ends].filter((end) => end > 0 && end < items.length).sort((a, b) => a - b);
    if (!stops.length) return items;
    return [0, ...stops].map((start, i) => items.slice(start, stops[i] ?? items.length));
  }

  function shapeOf(found) {
    if (!Array.isArray(found)) return [];
    if (!found.length) return [0];
    const inner = found.map(shapeOf);
    if (inner.some((one) => one === null || String(one) !== String(inner[0]))) return null;
    return [found.length, ...inner[0]];
  }

  function array(text, part, axes, how) {
    let found;
    try {
      found = nested(plain(text), "places" in part.options ? decimal : (t) => whole(t) ?? decimal(t), axes);
    } catch (problem) {
      if (problem instanceof Blank || !(problem instanceof Unreadable)) throw problem;
      throw new Unreadable(`${problem.message} ${how}`);
    }
    let shape = shapeOf(found);
    if (shape === null) throw new Unreadable(`The rows have different lengths. ${how}`);
    while (shape.length > axes && shape[0] === 1) [found, shape] = [found[0], shape.slice(1)];
    if (axes === 1 && shape.length === 2 && shape[1] === 1) [found, shape] = [found.map((row) => row[0]), [shape[0]]];
    while (shape.length < axes) [found, shape] = [[found], [1, ...shape]];
    if (shape.length !== axes || shape.includes(0)) throw new Unreadable(how);
    return found;
  }

  const folded = (text) => String(text).toLowerCase().split(/\s+/).filter(Boolean).join(" ");
  const letters = (text, count) => {
    const found = [...text.replace(/[\s,;.()[\]]+/g, "")].map((c) => "abcdefghijklmnopqrstuvwxyz".indexOf(c));
    return found.length && found.every((i) => i >= 0 && i < count) ? found : null;
  };
  const span = (choices) => `a to ${"abcdefghijklmnopqrstuvwxyz"[choices.length - 1]}`;
  const numeric = (text, read, how) => {
    const value = read(plain(text));
    if (value === null) throw new Unreadable(how);
    return value;
  };

  const READ = {
    int: (text) => numeric(text, (t) => whole(t) ?? decimal(t) ?? commaNumber(t), "Write one whole number in digits, such as 13."),
    num: (text) => numeric(text, (t) => decimal(t) ?? commaNumber(t), "Write one decimal number with a point, such as 0.25, or a fraction such as 1/4."),
    frac: (text) => numeric(text, (t) => rational(t) ?? decimal(t), "Write a fraction such as 3/4, a whole number, or a decimal with a point."),
    vec: (text, part) => array(text, part, 1, "Write the numbers of the list one after the other, such as [1, 2, 3]."),
    mat: (text, part) => array(text, part, 2, "Write one row per line, such as [[1, 2], [3, 4]]."),
    ten: (text, part) => array(text, part, 3, "Write one matrix per channel, such as [[[1, 2], [3, 4]], [[5, 6], [7, 8]]]."),
    shape: (text) => {
      const how = "Write the sizes one after the other, such as 3x32x32 or (3, 32, 32).";
      text = plain(text);
      if (text.length > 100) throw new Unreadable(how);
      text = text.replace(/^(?:torch\.)?size\s*(?=[[(])/i, "");
      while (text.length > 1 && ["()", "[]"].includes(text[0] + text[text.length - 1])) {
        text = text.slice(1, -1).trim().replace(/,$/, "").trim();
      }
      const sizes = text.split(/\s*[x×X*·,]\s*|\s+by\s+|\s+/);
      if (sizes.length > 8 || !sizes.every((size) => /^[0-9]{1,9}$/.test(size))) throw new Unreadable(how);
      return sizes.map(Number);
    },
    mc1: (text, part) => {
      const [typed, choices] = [folded(plain(text)), part.options.choices.map(folded)];
      if (choices.filter((one) => one === typed).length === 1) return choices.indexOf(typed);
      const found = letters(typed, choices.length);
      if (!found || found.length !== 1) throw new Unreadable(`Write one letter from ${span(choices)}, or the text of an option.`);
      return found[0];
    },
    mcN: (text, part) => {
      const typed = folded(plain(text));
      const found = ["none", "keine", "-"].includes(typed) ? [] : letters(typed, part.options.choices.length);
      if (!found || new Set(found).size !== found.length) {
        throw new Unreadable(`Write the letters of your options from ${span(part.options.choices)}, such as a, c; or none.`);
      }
      return found.sort((a, b) => a - b);
    },
    order: (text, part) => {
      const count = part.options.choices.length;
      const found = letters(folded(plain(text)).replaceAll("->", " ").replaceAll(">", " "), count);
      if (!found || new Set(found).size !== count || found.length !== count) {
        throw new Unreadable(`Write every letter from ${span(part.options.choices)} once, in order.`);
      }
      return found;
    },
    text: (text, part) => {
      let typed = folded(plain(text)).replace(/^["'.!`* ]+|["'.!`* ]+$/g, "");
      const synonyms = Object.fromEntries(Object.entries(part.options.synonyms ?? {}).map(([k, v]) => [folded(k), folded(v)]));
      typed = synonyms[typed] ?? typed;
      const allowed = (part.options.choices ?? []).map(folded);
      if (typed.length > 200 || (allowed.length && !allowed.includes(typed))) {
        throw new Unreadable(allowed.length ? `Write one of: ${part.options.choices.join(", ")}.` : "Write one or two words.");
      }
      return typed;
    },
    trace: (text, part) => {
      const columns = part.options.columns;
      const lines = plain(text).split("\n").map((line) => line.trim()).filter((line) => line.replace(/^[|\-: \t]+|[|\-: \t]+$/g, ""));
      if (lines.length > 200) throw new Unreadable("This table has too many rows; write one line per step.");
      return lines.map((line, number) => {
        const cells = cutRow(line, columns.length);
        const where = `Line ${number + 1}`;
        if (cells.length !== columns.length) {
          throw new Unreadable(`${where} has ${cells.length} entries instead of ${columns.length}; write one line per row and | between its entries.`);
        }
        return cells.map((cell, i) => {
          try {
            return read(cell, column(columns[i]));
          } catch (problem) {
            if (problem instanceof Unreadable) throw new Unreadable(`${where}: ${problem.message}`);
            throw problem;
          }
        });
      });
    },
  };

  const column = (one) => ({ kind: one.kind, options: one.options ?? {} });

  function cutRow(line, count) {
    for (const mark of ["|", "\t", ";"]) {
      if (line.includes(mark)) {
        const bare = mark === "|" ? line.replace(/^[| ]+|[| ]+$/g, "") : mark === ";" ? line.replace(/^[; ]+|[; ]+$/g, "") : line.replace(/^[\t ]+|[\t ]+$/g, "");
        return bare.split(mark).map((cell) => cell.trim());
      }
    }
    const byGaps = line.split(/ {2,}/);
    if (byGaps.length === count) return byGaps;
    return count > 1 ? line.split(/\s*,\s*|\s+/) : [line];
  }

  const fraction = (text) => rational(String(text)) ?? null;
  const number = (truth) => (typeof truth === "string" ? decimal(truth) : truth);

  function near(value, truth, options) {
    const target = number(truth);
    const allowed = 0.6 * 10 ** -(options.places ?? 2) + (options.slack ?? 0);
    return Math.abs(value - target) <= allowed + 1e-12 * (1 + Math.abs(target));
  }

  // Whole numbers exactly; a fraction, which is a mistake's answer, to two places.
  const sameWhole = (value, truth) => (Number.isInteger(truth) ? value === truth : near(value, truth, {}));

  const flat = (list) => (Array.isArray(list) ? list.flatMap(flat) : [list]);

  function sameArray(value, truth, part) {
    if (String(shapeOf(value)) !== String(shapeOf(truth))) return false;
    const [got, want] = [flat(value), flat(truth)];
    return got.every((one, i) => ("places" in part.options ? near(one, want[i], part.options) : sameWhole(one, number(want[i]))));
  }

  const SAME_KIND = {
    int: sameWhole,
    num: (value, truth, part) => near(value, truth, part.options),
    frac: (value, truth) => {
      if (!Array.isArray(value)) return near(value, String(truth), { places: 3 });
      const want = fraction(truth);
      return want === null ? Number(value[0]) / Number(value[1]) === number(truth) : value[0] * want[1] === want[0] * value[1];
    },
    vec: sameArray, mat: sameArray, ten: sameArray,
    shape: (value, truth) => String(value) === String(truth),
    mc1: (value, truth) => value === truth,
    mcN: (value, truth) => String(value) === String([...truth].sort((a, b) => a - b)),
    order: (value, truth) => String(value) === String(truth),
    text: (value, truth) => folded(value) === folded(truth),
    trace: (value, truth, part) =>
      value.length === truth.length &&
      value.every((row, r) => row.every((cell, c) => same(cell, truth[r][c], column(part.options.columns[c])))),
  };

  const read = (text, part) => READ[part.kind](text, part);
  const same = (value, truth, part) => SAME_KIND[part.kind](value, truth, part);
  // Mistakes that explain every wrong part; if there is none, those that explain each part by itself.
  function named(lookalikes, values, wrong) {
    const explaining = (parts) =>
      lookalikes.filter((one) => parts.every((part) => same(values[part.id], one.answers[part.id], part)));
    if (!wrong.length) return [];
    const all = explaining(wrong);
    if (all.length) return [{ part: "", mistakes: all }];
    return wrong.map((part) => ({ part: part.id, mistakes: explaining([part]) })).filter((one) => one.mistakes.length);
  }

  return { read, same, named, Unreadable, Blank };
})();
