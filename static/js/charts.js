"use strict";
/* Each [data-chart] names a JSON script with an ECharts option; the table beside it carries the same figures. */
document.querySelectorAll("[data-chart]").forEach((place) => {
  const source = document.getElementById(place.dataset.chart);
  if (!source || !window.echarts) return;
  const chart = window.echarts.init(place, null, { renderer: "canvas" });
  chart.setOption({ animation: false, textStyle: { fontFamily: getComputedStyle(document.body).fontFamily }, ...JSON.parse(source.textContent) });
  window.addEventListener("resize", () => chart.resize());
});
