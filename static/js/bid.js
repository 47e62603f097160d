"use strict";
/* A response saves itself while it is written; lines and price are compared; a countdown by the server's clock. Works without this file too. */
(() => {
  const form = document.querySelector("form[data-autosave]");
  document.querySelectorAll("[data-countdown]").forEach((spot) => {
    const skew = new Date(spot.dataset.now) - Date.now(), until = new Date(spot.dataset.countdown);
    const tick = () => {
      const left = Math.floor((until - Date.now() - skew) / 1000);
      if (left <= 0) { if (spot.dataset.reload && left > -3) window.location.reload(); spot.textContent = spot.dataset.over || ""; return; }
      const days = Math.floor(left / 86400), two = (number) => String(number).padStart(2, "0");
      spot.textContent = `${days ? `${days} d ` : ""}${two(Math.floor(left / 3600) % 24)}:${two(Math.floor(left / 60) % 60)}:${two(left % 60)}`.replace(" d ", ` ${document.documentElement.lang.startsWith("zh") ? "天" : "d"} `);
      window.setTimeout(tick, 1000);
    };
    tick();
  });
  document.querySelectorAll("[data-refresh]").forEach((box) => window.setTimeout(() => { if (!document.querySelector("input[type=password]")?.value) window.location.reload(); }, Number(box.dataset.refresh) * 1000));
  if (!form) return;
  const note = document.querySelector("[data-autosaved]"), list = document.querySelector("[data-checklist]"), price = form.elements.price, told = document.querySelector("[data-price-note]");
  const total = form.querySelector("[data-total]");
  let timer = null, last = "", leaving = false, dirty = false;
  const content = () => {
    const data = new FormData(form);
    [...data.entries()].forEach(([name, value]) => { if (value instanceof File) data.delete(name); });
    ["paste", "paste_into"].forEach((name) => data.delete(name));
    return data;
  };
  async function save() {
    const data = content(), now = new URLSearchParams(data).toString();
    if (now === last || leaving) return;
    try {
      const answer = await fetch(form.dataset.autosave, { method: "POST", body: data, credentials: "same-origin", redirect: "error" });
      const found = await answer.json();
      if (!answer.ok) { note.textContent = found.refusal || form.dataset.tFailed; return; }
      last = now; dirty = false;
      list.innerHTML = found.checklist;
      note.textContent = `${form.dataset.tSaved} ${new Date(found.saved_at).toLocaleTimeString("zh-CN", { timeZone: "Asia/Shanghai", hour: "2-digit", minute: "2-digit", second: "2-digit" })}`;
    } catch { if (!leaving) note.textContent = form.dataset.tFailed; }
  }
  function compare() {
    if (!total || !window.DianFen) return;
    const sum = window.DianFen.read(total.textContent).hundredths, own = window.DianFen.read(price.value).hundredths;
    if (!sum || own === undefined) return;
    told.textContent = sum === own ? form.dataset.tEqual : `${form.dataset.tDiffer} ${total.textContent} ≠ ${window.DianFen.shown(own)}`;
    told.classList.toggle("overdue", sum !== own);
  }
  const changed = () => { dirty = true; window.clearTimeout(timer); timer = window.setTimeout(save, 1500); window.setTimeout(compare, 0); };
  form.addEventListener("input", changed);
  form.addEventListener("change", changed);
  form.addEventListener("dd:sent", () => { leaving = true; dirty = false; window.clearTimeout(timer); });
  window.addEventListener("beforeunload", (event) => { if (dirty && !leaving) event.preventDefault(); });
  window.setTimeout(compare, 300);
})();
