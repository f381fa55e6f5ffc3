/* The pictures of a video take one to their place in it. */

document.addEventListener("click", ({ target }) => {
  const still = target.closest(".stills [data-at]");
  const video = document.getElementById("result");
  if (!still || !video) return;
  video.currentTime = Number(still.dataset.at) / 1e6;
  video.scrollIntoView({ block: "nearest" });
});
