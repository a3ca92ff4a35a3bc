// An explorer takes the place of its picture when it is first near the window; where it cannot be loaded, the picture stays.
const near = new IntersectionObserver(entries => {
  for (const {isIntersecting, target} of entries) if (isIntersecting) { near.unobserve(target); bring(target); }
}, {rootMargin: "400px"});

async function bring(output) {
  const answer = await fetch(output.querySelector("[data-explorer]").dataset.explorer);
  if (answer.ok) output.replaceChildren(document.createRange().createContextualFragment(await answer.text()));
}

for (const place of document.querySelectorAll("[data-explorer]")) near.observe(place.closest(".cell_output"));

// An equation that is wider than its place is scrolled: by keys, too, if it can be focused.
function reach() {
  for (const equation of document.querySelectorAll("mjx-container")) {
    const place = equation.closest("p, li, td, th, dd, div, summary");
    const wide = equation.firstElementChild.offsetWidth > place.clientWidth;
    equation.classList.toggle("wide", wide);
    equation.tabIndex = wide ? 0 : -1;
  }
}

addEventListener("load", () => window.MathJax?.startup?.promise.then(reach));
addEventListener("resize", reach);
document.addEventListener("toggle", reach, true);
