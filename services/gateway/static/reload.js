// A page that waits for something looks again by itself, while someone looks at it.
for (const element of document.querySelectorAll("[data-reload-after]")) {
  const again = () => {
    if (document.hidden) document.addEventListener("visibilitychange", () => location.reload(), { once: true });
    else location.reload();
  };
  setTimeout(again, Number(element.dataset.reloadAfter));
}
