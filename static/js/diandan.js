"use strict";
/* Progressive enhancement only: every page works without this file. */
(() => {
  const words = document.getElementById("dd-words")?.dataset || {};
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const cookie = (name) => decodeURIComponent((document.cookie.split("; ").find((c) => c.startsWith(name + "=")) || "").split("=")[1] || "");
  const token = () => document.querySelector("input[name=csrfmiddlewaretoken]")?.value || cookie("csrftoken");
  const beijing = (date) => new Date(date).toLocaleTimeString("zh-CN", { timeZone: "Asia/Shanghai", hour: "2-digit", minute: "2-digit" });

  /* --- confirm, and only one submission per click --- */
  const dialog = document.getElementById("dd-confirm");
  let agreed = null;
  document.addEventListener("submit", (event) => {
    const form = event.target, button = event.submitter;
    if ((form.getAttribute("method") || "get").toLowerCase() !== "post") return; /* a field may be named "method" */
    const question = button?.dataset.confirm;
    if (question && agreed !== button && dialog?.showModal) {
      event.preventDefault();
      dialog.querySelector("#dd-confirm-text").textContent = question;
      dialog.returnValue = "";
      dialog.onclose = () => { if (dialog.returnValue === "yes") { agreed = button; form.requestSubmit(button); } };
      dialog.showModal();
      return;
    }
    agreed = null;
    if (form.dataset.sent) { event.preventDefault(); return; }
    form.dataset.sent = "1";
    form.dispatchEvent(new CustomEvent("dd:sent"));
    window.setTimeout(() => all("button[type=submit], button:not([type])", form).forEach((b) => { b.disabled = true; }), 0);
    window.setTimeout(() => release(form), 15000);
  });
  const release = (form) => { delete form.dataset.sent; all("button", form).forEach((b) => { b.disabled = false; }); };
  window.addEventListener("pageshow", (event) => { if (event.persisted) all("form[data-sent]").forEach(release); });

  /* --- formsets: add rows, live totals in whole fen --- */
  const fen = (text) => { const m = /^\s*(-?)(\d+)(?:\.(\d{0,4}))?\s*$/.exec(String(text).replace(/,/g, "")); return m ? BigInt(m[1] + m[2] + (m[3] || "").padEnd(4, "0")) : null; };
  const yuan = (amount) => { const cents = (amount + (amount < 0n ? -50n : 50n)) / 100n, sign = cents < 0n ? "-" : "", n = cents < 0n ? -cents : cents; return sign + (n / 100n).toString().replace(/\B(?=(\d{3})+$)/g, ",") + "." + (n % 100n).toString().padStart(2, "0"); };
  const cellOf = (row, name) => row.querySelector(`[name$="-${name}"]`);
  function addUp(box) {
    const names = (box.dataset.product || box.dataset.total || "").split("*").filter(Boolean);
    if (!names.length) return;
    let sum = 0n;
    all("tr[data-row]", box).forEach((row) => {
      const gone = row.querySelector("[name$='-DELETE']")?.checked;
      row.hidden = Boolean(gone && row.dataset.fresh);
      const parts = names.map((name) => fen(cellOf(row, name)?.value ?? ""));
      const product = parts.some((p) => p === null) ? null : parts.reduce((a, b) => (a === null ? b : a * b / 10000n), null);
      const shown = row.querySelector("[data-subtotal]");
      if (shown) shown.textContent = product === null ? "" : yuan(product);
      if (product !== null && !gone) sum += (product + 50n) / 100n * 100n;
    });
    const place = box.querySelector("[data-sum]");
    if (place) place.textContent = yuan(sum);
    box.dispatchEvent(new CustomEvent("dd:sum", { bubbles: true, detail: { sum: yuan(sum) } }));
  }
  function addRow(box) {
    const total = box.querySelector(`[name="${box.dataset.formset}-TOTAL_FORMS"]`), template = box.querySelector("template");
    const most = Number(box.querySelector(`[name="${box.dataset.formset}-MAX_NUM_FORMS"]`)?.value || 1000);
    if (Number(total.value) >= most) return null;
    const holder = document.createElement("tbody");
    holder.innerHTML = template.innerHTML.replaceAll("__prefix__", total.value);
    const row = holder.querySelector("tr");
    row.dataset.fresh = "1";
    box.querySelector("tbody").append(row);
    total.value = Number(total.value) + 1;
    return row;
  }
  all("[data-formset]").forEach((box) => {
    const button = box.querySelector("[data-add-row]");
    if (button) { button.hidden = false; button.addEventListener("click", () => { addRow(box)?.querySelector("input:not([type=hidden]), select, textarea")?.focus(); addUp(box); }); }
    box.addEventListener("input", () => addUp(box));
    box.addEventListener("change", () => addUp(box));
    addUp(box);
  });

  /* --- drafts: saved while typing, restored when the form is opened again --- */
  const secret = (field) => !field.name || ["csrfmiddlewaretoken", "_draft"].includes(field.name) || ["password", "file", "submit", "button"].includes(field.type) || field.closest("[data-no-draft]");
  function read(form) {
    const content = {};
    [...form.elements].forEach((field) => {
      if (secret(field)) return;
      if (["checkbox", "radio"].includes(field.type)) { content[field.name] ??= []; if (field.checked) content[field.name].push(field.value); }
      else if (field.multiple) content[field.name] = [...field.selectedOptions].map((o) => o.value);
      else (content[field.name] ??= []).push(field.value);
    });
    return content;
  }
  function fill(form, content) {
    all("[data-formset]", form).forEach((box) => {
      const name = `${box.dataset.formset}-TOTAL_FORMS`, now = form.elements[name];
      while (Number(now.value) < Number(content[name]?.[0] || 0) && addRow(box));
    });
    const named = new Map(); /* asked once: a budget of a thousand lines has many fields */
    [...form.elements].forEach((f) => { if (secret(f)) return; if (named.has(f.name)) named.get(f.name).push(f); else named.set(f.name, [f]); });
    Object.entries(content).forEach(([name, values]) => {
      if (/-(TOTAL|INITIAL|MIN_NUM|MAX_NUM)_FORMS$/.test(name)) return;
      (named.get(name) || []).forEach((field, index) => {
        if (field.type === "hidden") return;
        if (["checkbox", "radio"].includes(field.type)) field.checked = values.includes(field.value);
        else if (field.multiple) [...field.options].forEach((o) => { o.selected = values.includes(o.value); });
        else if (values[index] !== undefined) field.value = values[index];
      });
    });
    all("[data-formset]", form).forEach(addUp);
    form.dispatchEvent(new CustomEvent("dd:fill", { detail: content }));
  }
  async function send(url, options) {
    const answer = await fetch(url, { credentials: "same-origin", redirect: "error", ...options });
    if (!answer.ok) throw new Error(String(answer.status));
    return answer;
  }
  all("form[data-draft]").forEach(async (form) => {
    const url = `/drafts/${encodeURIComponent(form.dataset.draft)}/`, memory = `dd-draft:${form.dataset.draft}`;
    const note = form.querySelector(".dd-draft-note") || form.appendChild(document.createElement("span"));
    const bounced = /\/accounts\/(login|2fa)/.test(document.referrer);
    let dirty = false, timer = null, last = "", leaving = false;
    const fresh = JSON.stringify(read(form));
    const save = async () => {
      const now = JSON.stringify(read(form));
      if (now === last || leaving) return;
      try {
        const answer = await send(url, { method: "POST", headers: { "Content-Type": "application/json", "X-CSRFToken": token() }, body: now });
        last = now; dirty = false;
        note.textContent = `${words.saved} ${beijing((await answer.json()).saved_at)}`;
      } catch { if (!leaving) note.textContent = words.failed; }
    };
    const changed = () => { dirty = true; window.clearTimeout(timer); timer = window.setTimeout(save, 1500); };
    form.addEventListener("input", changed);
    form.addEventListener("change", changed);
    form.addEventListener("dd:sent", () => { leaving = true; dirty = false; window.clearTimeout(timer); if (!form.hasAttribute("data-sealed")) sessionStorage.setItem(memory, JSON.stringify(read(form))); });
    window.addEventListener("beforeunload", (event) => { if (dirty && !leaving) event.preventDefault(); });
    const kept = sessionStorage.getItem(memory);
    sessionStorage.removeItem(memory);
    if (form.querySelector(".errors, .dd-errors")) return;
    try {
      let found = kept && bounced ? { content: JSON.parse(kept), saved_at: Date.now() } : null;
      if (!found) { const answer = await send(url, {}); if (answer.status === 204) return; found = await answer.json(); }
      if (JSON.stringify(found.content) === fresh || dirty) return;
      fill(form, found.content);
      note.textContent = `${words.restored} ${beijing(found.saved_at)}${form.querySelector("input[type=file]") ? ". " + words.files : ""} `;
      const away = document.createElement("button");
      away.type = "button"; away.className = "btn btn-sm"; away.textContent = words.discard;
      away.addEventListener("click", async () => { await send(url, { method: "DELETE", headers: { "X-CSRFToken": token() } }); leaving = true; location.reload(); });
      note.append(away);
    } catch { /* no draft to restore: the form stays as it is */ }
  });

  /* --- lists, menus, progress --- */
  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-check-all]")) all("input[name=ids]", event.target.closest("form")).forEach((box) => { box.checked = event.target.checked; });
    if (event.target.matches("select[data-go]")) event.target.form.requestSubmit();
  });
  document.addEventListener("click", (event) => { all("details.dd-menu[open]").forEach((menu) => { if (!menu.contains(event.target)) menu.open = false; }); });
  document.addEventListener("keydown", (event) => { if (event.key === "Escape") all("details.dd-menu[open]").forEach((menu) => { menu.open = false; menu.querySelector("summary").focus(); }); });
  /* --- a select whose groups belong to the choice of another one --- */
  all("select[data-groups-by]").forEach((select) => {
    const leader = select.form?.elements[select.dataset.groupsBy];
    if (!leader) return;
    const show = () => {
      const label = leader.selectedOptions[0]?.textContent.trim();
      let any = false;
      all("optgroup", select).forEach((group) => { const fits = group.label === label; group.hidden = group.disabled = !fits; any = any || fits; });
      if (select.selectedOptions[0]?.parentElement.disabled) select.value = "";
      const field = select.closest(".dd-field"); if (field) field.hidden = !any;
    };
    leader.addEventListener("change", show);
    show();
  });

  /* --- a part of a form that some choices of another field make needless --- */
  all("[data-unless]").forEach((part) => {
    const leader = part.closest("form")?.elements[part.dataset.unless], values = part.dataset.values.split(" ");
    if (!leader) return;
    const show = () => { part.hidden = values.includes(leader.value); };
    leader.addEventListener("change", show);
    show();
  });

  all("[data-copy]").forEach((button) => { button.hidden = false; button.addEventListener("click", () => navigator.clipboard?.writeText(button.dataset.copy)); });
  document.body.addEventListener("htmx:configRequest", (event) => { event.detail.headers["X-CSRFToken"] = token(); });
})();
