"use strict";
/* Money as the server counts it: whole fen in BigInt, quantity × price half up to the fen, shares half up to a tenth of a per cent. */
window.DianFen = (() => {
  /* A typed number in ten-thousandths, or an error: empty, number, negative, places. Full-width digits, ¥, 元 and thousands commas are understood. */
  function read(text) {
    let plain = String(text).normalize("NFKC").trim();
    if (!plain) return { error: "empty" };
    if (plain.startsWith("¥")) plain = plain.slice(1);
    if (plain.endsWith("元")) plain = plain.slice(0, -1);
    plain = plain.replaceAll(",", "").trim();
    const found = plain.length > 30 ? null : /^([+-]?)(?:(\d+)(?:\.(\d*))?|\.(\d+))$/.exec(plain);
    if (!found) return { error: "number" };
    const places = (found[3] ?? found[4] ?? "").replace(/0+$/, "");
    const value = BigInt((found[2] || "0") + places.slice(0, 2).padEnd(2, "0"));
    if (found[1] === "-" && (value > 0n || places)) return { error: "negative" };
    if (places.length > 2) return { error: "places" };
    return { hundredths: value };
  }
  /* Two numbers in hundredths → fen. */
  const amount = (quantity, price) => (quantity * price + 50n) / 100n;
  const shown = (fen) => (fen / 100n).toString().replace(/\B(?=(\d{3})+$)/g, ",") + "." + (fen % 100n).toString().padStart(2, "0");
  const percent = (part, total) => {
    if (!total) return "0.0";
    const tenths = (2000n * part + total) / (2n * total);
    return `${tenths / 10n}.${tenths % 10n}`;
  };
  return { read, amount, shown, percent };
})();
