// An explorer takes the place of its picture when it is first near the window; where it cannot be loaded, the picture stays.
const near = new IntersectionObserver(entries => {
  for (const {isIntersecting, target} of entries) if (isIntersecting) { near.unobserve(target); bring(target); }
}, {rootMargin: "400px"});

async function bring(output) {
  const answer = await fetch(output.querySelector("[data-explorer]").dataset.explorer);
  if (answer.ok) output.replaceChildren(document.createRange().createContextualFragment(await answer.text()));
}

for (const place of document.querySelectorAll("[data-explorer]")) near.observe(place.closest(".cell_output"));
