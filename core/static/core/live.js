/* Pages that renew themselves, and texts that are never lost. For the console and for the pages of members.
   Everything works without it: forms post, pages reload. */
"use strict";

(() => {
  const KEPT = "dispatch-draft:";
  const SENT = "dispatch-sent";
  const words = {
    out: "You are logged out. What you typed is kept here.",
    ended: "You were logged out before it was sent. What you typed is kept; log in and send it again.",
    login: "Log in, in a new tab; then send again",
    gone: "You do not see this page any more; it was deleted, or made restricted.",
    failed: "That did not work. Nothing was written; what you typed is kept. Send it once more.",
    newer: "Something changed.",
    show: "Show it",
    large: "is too large",
  };

  const cookie = (name) => document.cookie.split("; ").find((one) => one.startsWith(`${name}=`))?.slice(name.length + 1) || "";
  const atLogin = (address) => /\/login\/(\?|$)/.test(address || "");
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (zone && !document.cookie.includes(`time_zone=${zone}`)) document.cookie = `time_zone=${zone}; path=/; max-age=31536000; samesite=lax`;

  // A line above the page: what is wrong, and what to do.
  const say = (text, label, address, act) => {
    let box = document.getElementById("live-note");
    if (box?.dataset.text === text) return;
    box?.remove();
    box = document.createElement("div");
    Object.assign(box, { id: "live-note", className: "alert amber live-note" });
    box.dataset.text = text;
    box.setAttribute("role", "alert");
    box.append(Object.assign(document.createElement("span"), { textContent: text }));
    if (label) {
      const way = Object.assign(document.createElement(address ? "a" : "button"), { textContent: label, className: "btn small push" });
      if (address) Object.assign(way, { href: address, target: "_blank", rel: "noopener" });
      else way.addEventListener("click", act);
      box.append(way);
    }
    const open = document.querySelector("dialog[open]");
    (open?.querySelector(".fields") || document.querySelector("main .console, main, #content") || document.body).prepend(box);
  };
  const unsay = (text) => {
    const box = document.getElementById("live-note");
    if (box && (!text || box.dataset.text === text)) box.remove();
  };
  const loggedOut = () => say(words.out, words.login, `/login/?next=${encodeURIComponent(location.pathname)}`);

  // The token of a form is the one of today's session: logging in anew changes it.
  const freshen = (form) => {
    const token = cookie("csrftoken");
    const field = form.querySelector("input[name=csrfmiddlewaretoken]");
    if (token && field) field.value = token;
  };
  document.addEventListener("submit", (event) => freshen(event.target), true);
  document.addEventListener("htmx:configRequest", (event) => {
    const token = cookie("csrftoken");
    if (token && "csrfmiddlewaretoken" in event.detail.parameters) event.detail.parameters.csrfmiddlewaretoken = token;
  });

  // Drafts: what is typed stays in this tab until it was sent.
  const fieldsOf = (form) => [...form.elements].filter((one) => one.name && one.name !== "csrfmiddlewaretoken" && one.name !== "key" && /^(text|textarea|email|datetime-local|select-one)$/.test(one.type));
  const keyOf = (form) => KEPT + form.dataset.draft;
  const keep = (form) => {
    const typed = Object.fromEntries(fieldsOf(form).filter((one) => one.value && one.type !== "select-one").map((one) => [one.name, one.value]));
    try {
      if (Object.keys(typed).length) sessionStorage.setItem(keyOf(form), JSON.stringify(typed));
      else sessionStorage.removeItem(keyOf(form));
    } catch { /* A browser that keeps nothing. */ }
  };
  const restore = (form) => {
    let typed = {};
    try { typed = JSON.parse(sessionStorage.getItem(keyOf(form)) || "{}"); } catch { return; }
    fieldsOf(form).forEach((one) => {
      if (typed[one.name] && !one.value) one.value = typed[one.name];
    });
  };
  const forget = (form) => sessionStorage.removeItem(keyOf(form));
  document.addEventListener("input", (event) => {
    const form = event.target.form;
    if (form?.dataset.draft) keep(form);
  });
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.dataset.draft && !form.hasAttribute("data-compose")) sessionStorage.setItem(SENT, JSON.stringify([keyOf(form), location.pathname]));
  });
  // Sent, and now on another page than the form's or the log-in: it arrived.
  const arrived = () => {
    const [key, from] = JSON.parse(sessionStorage.getItem(SENT) || "[]");
    if (key && atLogin(location.pathname) && sessionStorage.getItem(key)) say(words.ended);
    if (!key || atLogin(location.pathname) || location.pathname === from) return;
    sessionStorage.removeItem(key);
    sessionStorage.removeItem(SENT);
  };

  // Renewing: only what differs is exchanged, and nothing that somebody is in.
  const inUse = (element) => element.contains(document.activeElement) || element.querySelector("details[open], dialog[open]") || element.matches("[data-keep]") || element.querySelector("[data-keep]");
  const plain = (element) => {
    const copy = element.cloneNode(true);
    copy.querySelectorAll("input[name=csrfmiddlewaretoken]").forEach((one) => one.remove());
    copy.querySelectorAll("time[data-ago], time[data-age]").forEach((one) => { one.textContent = ""; });
    return copy;
  };
  const merge = (old, fresh) => {
    if (old.matches("[data-keep]") || plain(old).isEqualNode(plain(fresh))) return true;
    if (!inUse(old)) {
      old.replaceWith(document.importNode(fresh, true));
      return true;
    }
    const [was, is] = [[...old.children], [...fresh.children]];
    if (was.length === is.length && was.every((one, index) => one.tagName === is[index].tagName)) return was.length > 0 && was.map((one, index) => merge(one, is[index])).every(Boolean);
    return around(old, was, is);
  };
  // Something came or went beside what is in use: that stays, all before and behind it is exchanged.
  const around = (old, was, is) => {
    const held = was.filter(inUse);
    if (held.length !== 1) return false;
    const [mine] = held;
    const alike = is.filter((one) => mine.querySelector("[data-keep]") || mine.matches("[data-keep]") ? one.matches("[data-keep]") || one.querySelector("[data-keep]") : mine.id ? one.id === mine.id : one.tagName === mine.tagName && one.className === mine.className);
    if (alike.length !== 1 || !merge(mine, alike[0])) return false;
    was.forEach((one) => { if (one !== mine) one.remove(); });
    const at = is.indexOf(alike[0]);
    const kept = old.contains(mine) ? mine : null;
    if (!kept) return false;
    is.slice(0, at).forEach((one) => kept.before(document.importNode(one, true)));
    is.slice(at + 1).reverse().forEach((one) => kept.after(document.importNode(one, true)));
    return true;
  };
  const partsOf = (root) => [...root.querySelectorAll("[data-part]")];
  const show = (html) => {
    const fresh = new DOMParser().parseFromString(html, "text/html");
    const missed = partsOf(document).filter((part) => {
      const there = fresh.getElementById(part.id);
      return there && !merge(part, there);
    });
    if (missed.length) say(words.newer, words.show, "", () => location.reload());
    else unsay(words.newer);
    document.dispatchEvent(new CustomEvent("live:shown"));
  };

  const body = () => document.querySelector("[data-live]");
  let tag = "";
  let asking = false;
  const busy = () => document.querySelector("[data-part] :is(a, button, summary):hover") || !window.getSelection().isCollapsed;
  const ask = async (at_once) => {
    const page = body();
    if (!page || asking || (!at_once && (document.hidden || busy()))) return;
    asking = true;
    try {
      const answer = await fetch(page.dataset.page ? page.dataset.page + location.search : location.href.split("#")[0], { headers: { "If-None-Match": `"${tag}"`, "X-Live": "1" }, cache: "no-store" });
      if (answer.redirected && atLogin(answer.url)) loggedOut();
      else if (answer.status === 404 || answer.status === 403) {
        say(words.gone);
        page.removeAttribute("data-live");
      } else if (answer.ok) {
        const html = await answer.text();
        tag = (answer.headers.get("ETag") || "").replaceAll('"', "").replace(/^W\//, "");
        unsay(words.out);
        show(html);
      } else if (answer.status === 304) unsay(words.out);
    } catch { /* No network: the next round asks again. */ } finally {
      asking = false;
    }
  };
  const rounds = () => {
    const page = body();
    if (!page) return;
    tag = tag || page.dataset.tag || "";
    setTimeout(async () => { await ask(); rounds(); }, 1000 * (Number(page.dataset.live) || 8));
  };
  document.addEventListener("visibilitychange", () => { if (!document.hidden) ask(); });

  // The composer: sent without a reload; refused or logged out, the text stays.
  const unhurt = (form, on) => {
    form.querySelectorAll("button[type=submit]").forEach((button) => { button.disabled = on; });
    if (!on) delete form.dataset.sent;
  };
  const refuse = (form, text) => {
    const line = form.querySelector("[data-wrong]");
    line.textContent = text;
    line.hidden = !text;
  };
  const refusalIn = (html) => {
    const page = new DOMParser().parseFromString(html, "text/html");
    return page.querySelector("[data-refusal], .refused, .wrong:not(:empty)")?.textContent.trim() || words.failed;
  };
  const empty = (form) => {
    form.reset();
    fieldsOf(form).forEach((one) => { if (one.type !== "select-one") one.value = ""; });
    forget(form);
    chosen(form);
    fit(form.querySelector("textarea"));
  };
  document.addEventListener("submit", async (event) => {
    const form = event.target;
    if (!form.hasAttribute("data-compose")) return;
    event.preventDefault();
    refuse(form, "");
    const sent = new FormData(form, event.submitter);
    const files = form.querySelector("input[type=file]");
    if (!(sent.get("description") || "").trim() && !files?.files.length) {
      unhurt(form, false);
      form.querySelector("[name=description]").focus();
      return;
    }
    unhurt(form, true);
    try {
      const answer = await fetch(form.action, { method: "POST", body: sent, headers: { "X-Live": "1" } });
      if (answer.redirected && atLogin(answer.url)) loggedOut();
      else if (answer.ok && answer.redirected) {
        empty(form);
        unsay(words.out);
        await ask(true);
      } else refuse(form, answer.status === 403 || answer.status >= 500 ? words.failed : refusalIn(await answer.text()));
    } catch {
      refuse(form, words.failed);
    }
    unhurt(form, false);
  });
  // Enter adds, Shift and Enter begin a new line; Escape leaves the field, so that keys are keys again.
  document.addEventListener("keydown", (event) => {
    const form = event.target.form;
    if (!form?.hasAttribute("data-compose") || event.target.tagName !== "TEXTAREA" || event.isComposing) return;
    const sends = event.key === "Enter" && !event.shiftKey && (form.hasAttribute("data-enter") || event.ctrlKey || event.metaKey);
    if (sends) {
      event.preventDefault();
      form.requestSubmit();
    } else if (event.key === "Escape") event.target.blur();
  });
  const fit = (area) => {
    if (!area) return;
    area.style.height = "auto";
    if (area.value) area.style.height = `${Math.min(area.scrollHeight + 2, 320)}px`;
  };
  document.addEventListener("input", (event) => { if (event.target.matches("[data-compose] textarea")) fit(event.target); });

  // Files: chosen, pasted or dropped.
  const chosen = (form) => {
    const [input, list] = [form.querySelector("input[type=file]"), form.querySelector("[data-chosen]")];
    if (!input || !list) return;
    list.replaceChildren(...[...input.files].map((file, index) => {
      const item = Object.assign(document.createElement("button"), { type: "button", className: "btn small", textContent: `${file.name} ×` });
      item.setAttribute("aria-label", `${file.name}, take it out`);
      item.addEventListener("click", () => put(form, [...input.files].filter((_one, other) => other !== index)));
      return item;
    }));
  };
  const put = (form, files) => {
    const input = form.querySelector("input[type=file]");
    const box = new DataTransfer();
    const most = Number(form.dataset.most) || Infinity;
    const large = files.filter((file) => file.size > most);
    files.filter((file) => file.size <= most).forEach((file) => box.items.add(file));
    input.files = box.files;
    refuse(form, large.length ? `${large.map((file) => file.name).join(", ")} ${words.large}.` : "");
    chosen(form);
  };
  const named = (file) => {
    if (file.name && file.name !== "image.png") return file;
    // On the reader's clock, as the entry is.
    const stamp = new Date(Date.now() - 60000 * new Date().getTimezoneOffset()).toISOString().slice(0, 19).replace("T", " ").replaceAll(":", ".");
    return new File([file], `Screenshot ${stamp}.${(file.type.split("/")[1] || "png").replace("jpeg", "jpg")}`, { type: file.type });
  };
  const add = (form, files) => put(form, [...form.querySelector("input[type=file]").files, ...files.map(named)]);
  // First of all: the theme's own script looks for a text field beside each file field, and falls over without one.
  document.addEventListener("change", (event) => {
    const form = event.target.form;
    if (event.target.type !== "file" || !form?.matches("[data-compose], .dialog form")) return;
    event.stopPropagation();
    if (form.hasAttribute("data-compose")) put(form, [...event.target.files]);
  }, true);
  document.addEventListener("paste", (event) => {
    const form = event.target.form || document.querySelector("form[data-compose]");
    const files = [...(event.clipboardData?.files || [])];
    if (!form?.hasAttribute("data-compose") || !files.length || !form.querySelector("input[type=file]")) return;
    event.preventDefault();
    add(form, files);
  });
  const dropOn = (event) => [...(event.dataTransfer?.types || [])].includes("Files") && document.querySelector("form[data-compose]:has(input[type=file])");
  document.addEventListener("dragover", (event) => {
    const form = dropOn(event);
    if (!form || document.querySelector("dialog[open]")) return;
    event.preventDefault();
    form.classList.add("dropping");
  });
  ["dragleave", "drop"].forEach((name) => document.addEventListener(name, (event) => {
    const form = dropOn(event);
    form?.classList.remove("dropping");
    if (name !== "drop" || !form) return;
    event.preventDefault();
    add(form, [...event.dataTransfer.files]);
  }));

  // What resembles a report, while it is typed.
  let pending;
  let asked = "";
  document.addEventListener("input", (event) => {
    const form = event.target.form;
    if (!form?.dataset.similar || !["title", "description"].includes(event.target.name)) return;
    clearTimeout(pending);
    pending = setTimeout(async () => {
      const text = new URLSearchParams({ title: form.elements.title.value, description: form.elements.description.value });
      if (text.toString() === asked) return;
      asked = text.toString();
      try {
        const answer = await fetch(form.dataset.similar, { method: "POST", body: text, headers: { "X-CSRFToken": cookie("csrftoken") || form.elements.csrfmiddlewaretoken.value } });
        const place = form.querySelector("[data-similar-here]");
        if (answer.ok && !answer.redirected && text.toString() === asked) place.innerHTML = await answer.text();
        else if (answer.redirected && atLogin(answer.url)) loggedOut();
      } catch { /* A help, no more. */ }
    }, 400);
  });

  // The chosen type says what it is for; without the script all of them do.
  const explain = () => document.querySelectorAll("[data-explains]").forEach((box) => {
    const select = document.getElementById(box.dataset.explains);
    box.querySelectorAll("[data-for]").forEach((line) => { line.hidden = line.dataset.for !== select?.value; });
    box.querySelectorAll("[data-name]").forEach((name) => { name.hidden = true; });
  });
  document.addEventListener("change", explain);

  // Another project has other types; the pages of members have no htmx.
  document.addEventListener("change", async (event) => {
    if (event.target.id !== "id_project" || window.htmx) return;
    const answer = await fetch(`${location.pathname}?project=${encodeURIComponent(event.target.value)}`);
    if (!answer.ok || answer.redirected) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    ["by-project", "instructions"].forEach((id) => document.getElementById(id)?.replaceWith(page.getElementById(id)));
    explain();
  });

  // On the pages of members, which have no console.js: forms once, ages that stay true, one key for the entry.
  const member = () => !document.getElementById("dialog");
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!member() || !form.hasAttribute("data-once") || form.hasAttribute("data-compose")) return;
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "1";
  });
  window.addEventListener("pageshow", () => document.querySelectorAll("form[data-sent]").forEach((form) => delete form.dataset.sent));
  document.addEventListener("keydown", (event) => {
    const typing = /^(INPUT|TEXTAREA|SELECT)$/.test(document.activeElement?.tagName);
    if (!member() || typing || event.ctrlKey || event.metaKey || event.altKey) return;
    const field = document.querySelector(`textarea[data-key="${CSS.escape(event.key.toLowerCase())}"]`);
    if (!field) return;
    event.preventDefault();
    field.focus();
  });
  const short = (seconds) => seconds < 60 ? "now" : seconds < 3600 ? `${Math.floor(seconds / 60)} min` : seconds < 172800 ? `${Math.floor(seconds / 3600)} h` : `${Math.floor(seconds / 86400).toLocaleString("en")} d`;
  const ages = () => {
    if (!member()) return;
    document.querySelectorAll("time[data-ago], time[data-age]").forEach((element) => {
      const seconds = (Date.now() - new Date(element.dateTime)) / 1000;
      const text = short(Math.abs(seconds));
      element.textContent = !("ago" in element.dataset) ? text : text === "now" ? "just now" : seconds < 0 ? `in ${text}` : `${text} ago`;
    });
  };

  window.dispatchLive = { loggedOut };
  document.addEventListener("DOMContentLoaded", () => {
    arrived();
    document.querySelectorAll("form[data-draft]").forEach(restore);
    document.querySelectorAll("[data-compose] textarea").forEach(fit);
    document.body.addEventListener("htmx:afterSwap", explain);
    explain();
    ages();
    setInterval(ages, 20000);
    rounds();
  });
})();
