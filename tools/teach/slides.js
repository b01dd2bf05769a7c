// Makes the letters of a slide smaller where it would not fit, then hands over to reveal.js.
(async () => {
  const { width, height } = document.currentScript.dataset;
  await document.fonts.ready;
  for (const slide of document.querySelectorAll(".slides > section")) {
    Object.assign(slide.style, { display: "block", position: "absolute", width: `${width}px`, visibility: "hidden" });
    for (let size = 100; size > 60 && (slide.scrollHeight > height || slide.scrollWidth > width); size -= 4) {
      slide.style.fontSize = `${size - 4}%`;
    }
    for (const name of ["display", "position", "width", "visibility"]) slide.style.removeProperty(name);
  }
  await Reveal.initialize({
    width: Number(width), height: Number(height), margin: 0, center: false, hash: true, transition: "none",
    slideNumber: "c/t", pdfMaxPagesPerSlide: 1, pdfSeparateFragments: false, plugins: [RevealNotes],
  });
  document.documentElement.dataset.ready = "true";
})();
