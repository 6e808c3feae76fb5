// Says when what is on the page can't be brought up to date: the network is gone, or the server does not answer.

const notice = document.querySelector("#offline");
const say = (isAway) => { if (notice) notice.hidden = !isAway; };

window.addEventListener("offline", () => say(true));
window.addEventListener("online", () => say(false));
document.addEventListener("htmx:sendError", () => say(true));
document.addEventListener("htmx:responseError", (event) => { if (event.detail.xhr.status >= 500) say(true); });
document.addEventListener("htmx:afterRequest", (event) => { if (event.detail.successful) say(false); });
