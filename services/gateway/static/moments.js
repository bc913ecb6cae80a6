// Times are written in a zone by the server; here they become those of the viewer.
const language = document.documentElement.lang;
const region = usable(navigator.language)?.startsWith(language) ? navigator.language : language;
for (const element of document.querySelectorAll("time[datetime]")) {
  const at = new Date(element.dateTime);
  if (Number.isNaN(at.getTime())) continue;
  const style = "day" in element.dataset
    ? { dateStyle: "long" }
    : { dateStyle: "medium", timeStyle: "short" };
  element.title = element.textContent;
  element.textContent = new Intl.DateTimeFormat(region, style).format(at);
}

// Some browsers say a language that is none, such as `en-US@posix`.
function usable(tag) {
  try {
    return Intl.getCanonicalLocales(tag)[0];
  } catch {
    return undefined;
  }
}
