"use strict";
/* The budget editor: rows under their activities, keyboard, paste from Excel, totals and shares while typing. The page works without it. */
(() => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const box = document.querySelector("[data-lines]"), planned = document.querySelector('[data-formset="plan"]');
  if (!box || !window.DianFen) return;
  const plan = planned || document.createElement("div"); // price lines of a contract: the groups stand, nobody plans here
  const { read, amount, shown, percent } = window.DianFen;
  const form = box.closest("form"), table = box.querySelector("table"), words = box.dataset, most = Number(words.most);
  const headings = JSON.parse(words.headings), lengths = JSON.parse(words.lengths);
  const CELLS = ["name", "unit", "quantity", "price", "note"], NUMBERS = ["quantity", "price"];
  const bar = document.querySelector("[data-bar]"), said = document.querySelector("[data-said]"), undoButton = document.querySelector('[data-do="undo"]');
  const lineTemplate = box.querySelector("[data-line-template]").content, groupTemplate = box.querySelector("[data-group-template]").content;
  form.classList.add("dd-live");
  let current = null;

  /* --- rows and groups --- */
  const cells = (row) => {
    row.cellOf ??= Object.fromEntries(all("input[name^=line_]", row).map((field) => [field.name.slice(5), field]));
    return row.cellOf;
  };
  const groups = () => all("tbody[data-group]", table);
  const rowsOf = (group) => [...group.rows].filter((row) => row.hasAttribute("data-line"));
  const lines = () => all("tr[data-line]", table);
  const isBlank = (row) => CELLS.every((name) => !cells(row)[name].value.trim());
  const groupFor = (kind, activity) => groups().find((group) => group.dataset.kind === kind && (kind !== "activity" || group.dataset.activity === String(activity)));
  const say = (text) => { said.textContent = text; };
  const touched = () => form.dispatchEvent(new Event("input", { bubbles: true }));

  function place(row, group, before = null) {
    const { kind, activity } = cells(row);
    kind.value = group.dataset.kind;
    activity.value = group.dataset.kind === "activity" ? group.dataset.activity : "";
    group.insertBefore(row, before || group.querySelector(".dd-group-foot"));
    return row;
  }
  function makeRow(group, before = null, values = {}) {
    if (table.querySelectorAll("tr[data-line]").length >= most + groups().length) { say(words.tFull.replace("{n}", most)); return null; }
    const row = place(lineTemplate.querySelector("tr").cloneNode(true), group, before);
    CELLS.forEach((name) => { cells(row)[name].value = values[name] ?? ""; });
    return row;
  }
  function makeGroup(number, title) {
    const group = groupTemplate.querySelector("tbody").cloneNode(true);
    group.dataset.kind = "activity";
    group.dataset.activity = number;
    group.querySelector("[data-group-title]").textContent = title;
    table.insertBefore(group, groupFor("people"));
    return group;
  }

  /* --- checks beside the cell, as the server makes them --- */
  function wrong(name, value) {
    if (!value.trim()) return "";
    if (lengths[name]) return [...value.trim()].length > lengths[name] ? words.tLong.replace("{n}", lengths[name]) : "";
    const found = read(value);
    if (found.error) return { number: words.tNumber, negative: words.tNegative, places: words.tPlaces }[found.error] || "";
    if (name === "quantity" && found.hundredths === 0n) return words.tZero;
    return found.hundredths > (name === "quantity" ? 9999999999n : 9999999999999n) ? words.tLarge : "";
  }
  function mark(field, sentence) {
    const cell = field.closest("td");
    all(".dd-cell-error", cell).forEach((old) => old.remove());
    cell.classList.toggle("bad", Boolean(sentence));
    if (!sentence) { field.removeAttribute("aria-invalid"); return; }
    field.setAttribute("aria-invalid", "true");
    const note = document.createElement("div");
    note.className = "dd-cell-error";
    note.textContent = sentence;
    field.after(note);
  }
  const look = (field) => { const sentence = wrong(field.name.slice(5), field.value); mark(field, sentence); return sentence; };
  function lookAt(row) {
    if (isBlank(row)) return 0;
    return CELLS.filter((name) => {
      const field = cells(row)[name];
      if (name !== "note" && !field.value.trim()) { mark(field, words.tMissing); return true; }
      return look(field);
    }).length;
  }

  /* --- totals in whole fen --- */
  function count(row) {
    const [quantity, price] = NUMBERS.map((name) => read(cells(row)[name].value).hundredths);
    row.fen = quantity === undefined || price === undefined ? null : amount(quantity, price);
    row.querySelector("[data-amount]").textContent = row.fen === null ? "" : shown(row.fen);
  }
  function addUp() {
    const sums = { activity: 0n, people: 0n, running: 0n }, found = groups();
    found.forEach((group) => {
      group.fen = rowsOf(group).reduce((sum, row) => sum + (row.fen ?? 0n), 0n);
      sums[group.dataset.kind] += group.fen;
    });
    const total = sums.activity + sums.people + sums.running;
    found.forEach((group) => {
      group.querySelector("[data-group-sum]").textContent = shown(group.fen);
      group.querySelector("[data-group-share]").textContent = percent(group.fen, total);
    });
    Object.entries(sums).forEach(([kind, fen]) => { bar.querySelector(`[data-share="${kind}"]`).textContent = `${shown(fen)}（${percent(fen, total)}%）`; });
    bar.querySelector("[data-total]").textContent = shown(total);
    warn(sums, total);
  }
  function warn(sums, total) {
    const sentences = [];
    ["people", "running"].forEach((kind) => {
      const share = percent(sums[kind], total), tenths = BigInt(share.replace(".", ""));
      const title = kind[0].toUpperCase() + kind.slice(1), least = words[`${kind}Min`], greatest = words[`${kind}Max`];
      const tell = (side, bound) => sentences.push(words[`t${title}${side}`].replace("{percent}", share).replace("{bound}", bound));
      if (total && least !== undefined && tenths < BigInt(least) * 10n) tell("Low", least);
      if (total && greatest !== undefined && tenths > BigInt(greatest) * 10n) tell("High", greatest);
    });
    const spot = bar.querySelector("[data-warnings]");
    if (words.bounded && spot.textContent !== sentences.join(" ")) spot.textContent = sentences.join(" ");
    spot.classList.toggle("warn", sentences.length > 0);
  }

  /* --- one step back: what stood there before a paste or a removal --- */
  const history = [];
  const state = () => lines().filter((row) => !isBlank(row)).map((row) => Object.fromEntries(Object.entries(cells(row)).map(([name, field]) => [name, field.value])));
  const remember = () => { history.push(state()); if (history.length > 20) history.shift(); undoButton.hidden = false; };
  function restore(rows) {
    const known = new Map(lines().filter((row) => cells(row).id.value).map((row) => [cells(row).id.value, row]));
    lines().forEach((row) => row.remove());
    rows.forEach((values) => {
      const group = groupFor(values.kind, values.activity) || (values.kind === "activity" ? makeGroup(values.activity, `${values.activity} ${words.tUnplanned}`) : groupFor("running"));
      const row = place(known.get(values.id) || lineTemplate.querySelector("tr").cloneNode(true), group);
      known.delete(values.id);
      ["id", ...CELLS].forEach((name) => { cells(row)[name].value = values[name] ?? ""; });
      CELLS.forEach((name) => mark(cells(row)[name], wrong(name, cells(row)[name].value)));
      count(row);
    });
    tidy();
    addUp();
  }
  /* Every group ends with one empty row. */
  function tidy() {
    groups().forEach((group) => {
      const rows = rowsOf(group);
      while (rows.length > 1 && isBlank(rows.at(-1)) && isBlank(rows.at(-2))) rows.pop().remove();
      if (!rows.length || !isBlank(rows.at(-1))) makeRow(group);
    });
  }

  /* --- groups follow the plan --- */
  const planCell = (row, name) => row.querySelector(`[name$="-${name}"]`);
  function number() {
    let last = 0;
    all("tr[data-row]", plan).forEach((row) => {
      if (planCell(row, "DELETE")?.checked) return;
      const field = planCell(row, "order");
      if (!field.value) field.value = last + 1;
      last = Math.max(last, Number(field.value) || 0);
    });
  }
  function sync() {
    const used = new Set();
    all("tr[data-row]", plan).forEach((row) => {
      const no = String(Number(planCell(row, "order").value) || ""), title = planCell(row, "title").value.trim();
      if (planCell(row, "DELETE")?.checked) { row.group = null; return; }
      let group = row.group || (no && [groupFor("activity", no)].find((one) => one && !used.has(one)));
      if (!group && no && title) group = makeGroup(no, "");
      if (!group || used.has(group)) return;
      row.group = group;
      used.add(group);
      if (group.dataset.activity !== no) {
        group.dataset.activity = no;
        rowsOf(group).forEach((line) => { cells(line).activity.value = no; });
      }
      group.querySelector("[data-group-title]").textContent = `${no}. ${title}`;
      if (groupFor("people").previousElementSibling !== group) table.insertBefore(group, groupFor("people"));
    });
    groups().filter((group) => planned && group.dataset.kind === "activity" && !used.has(group)).forEach((group) => {
      if (rowsOf(group).every(isBlank)) { group.remove(); return; }
      const title = group.querySelector("[data-group-title]");
      if (!title.textContent.includes(words.tUnplanned)) title.textContent += ` ${words.tUnplanned}`;
      table.insertBefore(group, groupFor("people"));
    });
    const into = document.getElementById("paste_into"), chosen = into.value;
    into.replaceChildren(...groups().map((group) => new Option(group.querySelector("[data-group-title]").textContent, group.dataset.kind === "activity" ? `activity:${group.dataset.activity}` : group.dataset.kind)));
    if (chosen) into.value = chosen;
    tidy();
  }

  /* --- moving about --- */
  const focus = (field) => { field.focus(); field.select(); };
  function beside(row, step) {
    const rows = lines();
    return rows[rows.indexOf(row) + step] || null;
  }
  function onward(row, field) {
    const at = CELLS.indexOf(field.name.slice(5));
    if (at < CELLS.length - 1) { focus(cells(row)[CELLS[at + 1]]); return; }
    const rows = rowsOf(row.closest("tbody"));
    const next = row === rows.at(-1) && !isBlank(row) ? makeRow(row.closest("tbody")) : beside(row, 1);
    if (next) focus(cells(next).name);
  }
  const acts = {
    duplicate(row, field) {
      const copy = makeRow(row.closest("tbody"), row.nextElementSibling, Object.fromEntries(CELLS.map((name) => [name, cells(row)[name].value])));
      if (copy) { count(copy); focus(cells(copy)[field]); }
    },
    up(row, field) {
      const above = row.previousElementSibling, group = row.closest("tbody");
      if (above?.hasAttribute("data-line")) group.insertBefore(row, above);
      else if (group.previousElementSibling?.hasAttribute("data-group")) place(row, group.previousElementSibling, rowsOf(group.previousElementSibling).filter(isBlank).at(-1));
      focus(cells(row)[field]);
    },
    down(row, field) {
      const below = row.nextElementSibling, group = row.closest("tbody");
      if (below?.hasAttribute("data-line") && !isBlank(below)) below.after(row);
      else if (group.nextElementSibling?.hasAttribute("data-group")) place(row, group.nextElementSibling, rowsOf(group.nextElementSibling)[0]);
      focus(cells(row)[field]);
    },
    remove(row, field) {
      remember();
      const next = beside(row, 1) || beside(row, -1);
      row.remove();
      say(words.tRemoved);
      if (next) focus(cells(next)[field]);
    },
    undo() { if (history.length) restore(history.pop()); undoButton.hidden = !history.length; current = null; },
  };
  function act(name) {
    if (name !== "undo" && !current?.isConnected) return;
    const active = document.activeElement, field = active?.name?.slice(5);
    acts[name](current, CELLS.includes(field) && active.closest("tr") === current ? field : "name");
    if (name !== "undo") { tidy(); addUp(); }
    touched();
  }
  table.addEventListener("keydown", (event) => {
    const field = event.target, row = field.closest?.("tr[data-line]");
    if (!row || event.isComposing || event.keyCode === 229 || !CELLS.includes(field.name?.slice(5))) return;
    const vertical = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    let done = true;
    if (vertical && event.altKey) act(vertical < 0 ? "up" : "down");
    else if (vertical && !event.ctrlKey && !event.metaKey && !event.shiftKey) { const other = beside(row, vertical); if (other) focus(cells(other)[field.name.slice(5)]); }
    else if (event.ctrlKey && event.key.toLowerCase() === "d") act("duplicate");
    else if (event.ctrlKey && event.key === "Delete") act("remove");
    else if (event.key === "Enter" && !event.ctrlKey && !event.altKey && !event.shiftKey) onward(row, field);
    else if (event.key === "Tab" && !event.shiftKey && field === cells(row).note && row === rowsOf(row.closest("tbody")).at(-1) && !isBlank(row)) onward(row, field);
    else done = false;
    if (done) event.preventDefault();
  });
  table.addEventListener("focusin", (event) => {
    const row = event.target.closest("tr[data-line]");
    if (!row || row === current) return;
    current?.classList.remove("dd-current");
    current = row;
    row.classList.add("dd-current");
  });
  table.addEventListener("click", (event) => {
    const button = event.target.closest("[data-add-line]");
    if (!button) return;
    const group = button.closest("tbody"), last = rowsOf(group).at(-1);
    const row = last && isBlank(last) ? last : makeRow(group);
    if (row) focus(cells(row).name);
  });
  bar.addEventListener("mousedown", (event) => { if (event.target.closest("[data-do]")) event.preventDefault(); });
  bar.addEventListener("click", (event) => { const button = event.target.closest("[data-do]"); if (button) act(button.dataset.do); });
  table.addEventListener("input", (event) => {
    const field = event.target, row = field.closest("tr[data-line]");
    if (!row) return;
    if (field.hasAttribute("aria-invalid")) look(field);
    if (NUMBERS.includes(field.name.slice(5))) { count(row); addUp(); }
  });
  table.addEventListener("change", (event) => { if (event.target.closest("tr[data-line]") && CELLS.includes(event.target.name?.slice(5))) { look(event.target); tidy(); } });

  /* --- a block from Excel or WPS --- */
  function parse(text) {
    const rows = [[""]];
    let quoted = false;
    for (let at = 0; at < text.length; at += 1) {
      const sign = text[at], row = rows.at(-1);
      if (quoted) {
        if (sign !== '"') row[row.length - 1] += sign;
        else if (text[at + 1] === '"') { row[row.length - 1] += '"'; at += 1; }
        else quoted = false;
      } else if (sign === '"' && row.at(-1) === "" && text.indexOf('"', at + 1) > 0) quoted = true;
      else if (sign === "\t") row.push("");
      else if (sign === "\n") rows.push([""]);
      else row[row.length - 1] += sign;
    }
    return rows.filter((row) => row.some((value) => value.trim()));
  }
  const tidied = (name, value) => (lengths[name] ? value.split(/\s+/).filter(Boolean).join(" ") : value.trim());
  table.addEventListener("paste", (event) => {
    const text = (event.clipboardData?.getData("text/plain") || "").replace(/\r\n?/g, "\n"), field = event.target, first = field.closest("tr[data-line]");
    if (!first || !/[\t\n]/.test(text.trim())) return;
    event.preventDefault();
    remember();
    let block = parse(text), columns = CELLS.slice(CELLS.indexOf(field.name.slice(5)));
    const heads = block[0].map((head) => head.normalize("NFKC").replace(/\s/g, "")), headed = heads.filter((head) => head in headings).length >= 2;
    if (headed) { columns = heads.map((head) => headings[head] ?? null).map((name, at, list) => (name && list.indexOf(name) < at ? null : name)); block = block.slice(1); }
    const group = first.closest("tbody"), inserts = headed || (columns[0] === "name" && block.length > 1), left = [];
    let row = null, faulty = 0, taken = 0;
    block.forEach((values, index) => {
      if (!index && (!inserts || isBlank(first))) row = first;
      else if (!inserts && row.nextElementSibling?.hasAttribute("data-line")) row = row.nextElementSibling;
      else row = makeRow(group, (row || first).nextElementSibling);
      if (!row) { left.push(values.join(" ")); row = null; return; }
      values.forEach((value, at) => {
        const name = columns[at];
        if (name) cells(row)[name].value = tidied(name, value);
        else if (name !== "" && value.trim()) left.push(value.trim());
      });
      taken += 1;
      count(row);
      faulty += lookAt(row);
    });
    tidy(); addUp(); touched();
    say([words.tPasted.replace("{n}", taken), faulty ? words.tLook.replace("{n}", faulty) : "", ...left.slice(0, 20).map((value) => words.tLeft.replace("{n}", value))].filter(Boolean).join(" "));
  });

  /* The plan takes pasted rows too, from the cell that has the focus. */
  plan.addEventListener("paste", (event) => {
    const text = event.clipboardData?.getData("text/plain") || "", field = event.target;
    if (!/[\t\n]/.test(text.trim()) || !field.closest("tr")) return;
    event.preventDefault();
    const fields = (row) => all("input:not([type=hidden]):not([type=checkbox])", row), column = fields(field.closest("tr")).indexOf(field);
    let row = field.closest("tr");
    parse(text.replace(/\r\n?/g, "\n")).forEach((values, index) => {
      if (index && !row?.nextElementSibling) plan.querySelector("[data-add-row]")?.click();
      if (index) row = row.nextElementSibling;
      if (!row) return;
      values.forEach((value, offset) => {
        const target = fields(row)[column + offset], plain = value.trim();
        if (!target) return;
        target.value = target.type === "date" ? plain.replace(/[/.年月]/g, "-").replace(/日/, "").replace(/-(\d)(?=-|$)/g, "-0$1") : target.type === "number" ? plain.replace(/,/g, "") : plain;
      });
    });
    number(); sync(); addUp(); touched();
  });
  ["input", "change"].forEach((kind) => plan.addEventListener(kind, () => { sync(); addUp(); }));
  plan.querySelector("[data-add-row]")?.addEventListener("click", () => window.setTimeout(number, 0));

  /* A kept draft: the kernel has filled the plan, the lines are built anew in their order. */
  form.addEventListener("dd:fill", (event) => {
    const kept = event.detail, names = (kept.line_name || []).length;
    number(); sync();
    restore(Array.from({ length: names }, (_nothing, at) => Object.fromEntries(["id", "kind", "activity", ...CELLS].map((name) => [name, kept[`line_${name}`]?.[at] ?? ""]))).filter((values) => CELLS.some((name) => values[name].trim())));
  });

  number();
  lines().forEach(count);
  sync();
  addUp();
})();
