// News of a run that goes on.

const POLL = 200;  // milliseconds from one question for news to the next

async function follow() {
  const address = new URL(document.documentElement.dataset.live, location);
  address.search = location.search;  // the token, where there is one
  for (;;) {
    await new Promise((later) => setTimeout(later, POLL));
    try {
      address.searchParams.set("seen", data.seen);
      const answer = await fetch(address, { cache: "no-store" });
      if (answer.status === 200) {
        const news = await answer.json();
        await take(news);
        tell(news.findings);
        const isAtEnd = shown.window >= (models.windows ?? 0) - 1;
        models.windows = run().windows;
        if (isAtEnd) shown.window = models.windows - 1;
        drawAll();
      } else if (answer.status !== 304) throw new Error(await answer.text());
      liveness(data.runs.every((each) => each.is_finished) ? "The run has ended." : "Live: shows each window as it closes.");
    } catch (error) {
      liveness(`Not live any more (${error.message}). Shown is what was known before.`, true);
    }
  }
}

// What was opened among the findings stays open.
function tell(findings) {
  const open = Array.from($("findings").querySelectorAll("details"), (each) => each.open);
  $("findings").innerHTML = findings;  // escaped by the server, as the page itself
  $("findings").querySelectorAll("details").forEach((each, i) => { each.open = open[i] ?? false; });
}

function liveness(text, isLost = false) {
  const said = `${text} ${data.runs.map((each) => `${whole(each.windows)} windows, ${whole(each.stop.at(-1) ?? 0)} steps.`).join(" ")}`;
  if ($("live").textContent !== said) $("live").textContent = said;
  $("live").classList.toggle("lost", isLost);
}
