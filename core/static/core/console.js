/* What the console does beyond the theme: the reader's time zone, dialogs, single-key shortcuts, ages that stay true,
   pickers. Everything works without it; it makes it quick. */
"use strict";

// It would write a style element into each page, which the content policy forbids; we do not use it.
if (window.htmx) {
  htmx.config.includeIndicatorStyles = false;
  // A part of another page does not rename this one.
  htmx.config.ignoreTitle = true;
}

(() => {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (zone && !document.cookie.includes(`time_zone=${zone}`)) {
    document.cookie = `time_zone=${zone}; path=/; max-age=31536000; samesite=lax`;
  }

  const typing = (element) =>
    element &&
    (element.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(element.tagName)) &&
    !element.matches("td.tick input, th.tick input");
  const dialog = () => document.getElementById("dialog");

  // A form is sent once, before htmx hears of it; a failure or the browser's "back" gives it back.
  const giveBack = () =>
    document.querySelectorAll("form[data-sent]").forEach((form) => {
      delete form.dataset.sent;
      form.querySelectorAll("button[type=submit]").forEach((button) => (button.disabled = false));
    });

  // Dialogs: the link's page, asked for by htmx, shown in the one <dialog>.
  // What opened it gets the focus back; a menu is closed by then, so its button does.
  let opener;
  const openDialog = (link) => {
    htmx.ajax("GET", link.href, { target: "#dialog", swap: "innerHTML" });
  };
  // What was typed, or is shown once, is not thrown away by a key that was meant for something else: Escape asks once.
  const written = (form) => form?.matches("[data-written]") || form?.querySelector(".errors");
  const warning = () => {
    if (written(dialog().querySelector("form"))) return "What you typed would be lost. Press Escape again to leave without it.";
    return dialog().querySelector("[data-warns]")?.dataset.warns;
  };
  const guard = (event) => {
    const inside = dialog().firstElementChild;
    if (event.target !== dialog() || !warning() || inside.dataset.warned) return;
    event.preventDefault();
    inside.dataset.warned = "1";
    const box = document.createElement("div");
    box.className = "refused";
    box.setAttribute("role", "alert");
    box.textContent = warning();
    inside.querySelector(".fields")?.prepend(box);
  };
  // What a dialog made stands on the page below it only after that is asked for anew.
  const leave = () => {
    const made = dialog().querySelector("[data-leads-to]");
    if (made) window.location.assign(made.dataset.leadsTo);
  };
  const copy = (button) => {
    window.getSelection().selectAllChildren(document.getElementById(button.dataset.copies));
    // The clipboard's own interface is there on https only.
    if (document.execCommand("copy")) button.textContent = button.dataset.copied;
  };
  const shown = () => {
    const element = dialog();
    if (!element.open && element.childElementCount) element.showModal();
    enhance(element);
    const within = (place) => element.querySelector([":is(input:not([type=hidden]), textarea)", "select"].map((one) => `${place} ${one}:not([hidden])`).join());
    (within(".errors") || within(".fields"))?.focus();
  };
  const failed = (event) => {
    giveBack();
    if (event.detail.target !== dialog()) return;
    const texts = { 413: "That is too large.", 403: "You may not do this here.", 404: "This is not there any more." };
    const box = document.createElement("div");
    box.className = "refused";
    box.setAttribute("role", "alert");
    box.textContent = texts[event.detail.xhr.status] || "That did not work. Nothing was changed; try once more.";
    const fields = dialog().querySelector(".fields");
    if (fields) fields.prepend(box);
    else dialog().replaceChildren(box);
    if (!dialog().open) dialog().showModal();
  };

  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-dialog]");
    if (link && !event.ctrlKey && !event.metaKey && !event.shiftKey && event.button === 0) {
      event.preventDefault();
      opener = link.closest("details.menu")?.querySelector("summary") || link;
      document.querySelectorAll("details.menu[open]").forEach((menu) => menu.removeAttribute("open"));
      openDialog(link);
      return;
    }
    if (event.target.closest("#dialog [data-close]")) {
      event.preventDefault();
      dialog().close();
    }
    const copier = event.target.closest("[data-copies]");
    if (copier) copy(copier);
    document.querySelectorAll("details.menu[open]").forEach((menu) => {
      if (!menu.contains(event.target)) menu.removeAttribute("open");
    });
  });

  document.addEventListener(
    "submit",
    (event) => {
      const form = event.target.closest("form[data-once]");
      if (!form) return;
      if (form.dataset.sent) {
        event.preventDefault();
        event.stopImmediatePropagation();
        return;
      }
      form.dataset.sent = "1";
      setTimeout(() => form.querySelectorAll("button[type=submit]").forEach((button) => (button.disabled = true)));
    },
    true,
  );
  // A form of choices opens its dialog with what was chosen.
  document.addEventListener("submit", (event) => {
    const form = event.target.closest("form[data-dialog]");
    if (!form) return;
    // Some buttons of such a form lead to a page.
    if (event.submitter?.hasAttribute("data-plain")) return;
    event.preventDefault();
    opener = event.submitter;
    const chosen = new URLSearchParams(new FormData(form, event.submitter));
    openDialog({ href: `${event.submitter?.getAttribute("formaction") || form.action}?${chosen}` });
  });

  // A list is searched while one types: the rows are renewed, the field stays as it is.
  let seeking, asked = 0;
  const seek = async (form) => {
    const address = `${window.location.pathname}?${new URLSearchParams(new FormData(form))}`;
    const turn = ++asked;
    const answer = await fetch(address, { headers: { "X-Requested-With": "fetch" } });
    // An answer that was overtaken, or a log-in page, is not shown.
    if (turn !== asked || !answer.ok) return;
    if (answer.redirected) {
      window.dispatchLive.loggedOut();
      return;
    }
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const place = document.querySelector(form.dataset.search);
    const found = page.querySelector(form.dataset.search);
    if (!place || !found || turn !== asked) return;
    keepTicks(place, found);
    place.replaceWith(found);
    countTicks(found.querySelector("form.ticking"));
    document.querySelectorAll("a[data-follows]").forEach((link) => {
      const fresh = [...page.querySelectorAll("a[data-follows]")].find((other) => other.pathname === link.pathname);
      if (fresh) link.href = fresh.href;
    });
    history.replaceState(null, "", address);
    htmx.process(found);
    enhance(found);
    refreshAges();
  };
  document.addEventListener("input", (event) => {
    const form = event.target.closest("form[data-search]");
    if (!form) return;
    clearTimeout(seeking);
    seeking = setTimeout(() => seek(form), 250);
  });

  // Ticks: all of a page, how many there are, and what waits for some. Those that a search leaves out stay meant.
  const ticks = (root) => [...root.querySelectorAll("tbody input[type=checkbox]")];
  const keepTicks = (before, after) => {
    const form = after.querySelector("form.ticking");
    if (!form) return;
    const meant = [...ticks(before).filter((box) => box.checked), ...before.querySelectorAll("input[data-kept]")];
    for (const { name, value } of meant) {
      const here = ticks(form).find((box) => box.value === value);
      if (here) here.checked = true;
      else {
        const kept = Object.assign(document.createElement("input"), { type: "hidden", name, value });
        kept.dataset.kept = "";
        form.append(kept);
      }
    }
  };
  const countTicks = (form) => {
    const place = form?.querySelector("[data-ticked]");
    if (!place) return;
    const all = ticks(form);
    const here = all.filter((box) => box.checked).length;
    const ticked = here + form.querySelectorAll("input[data-kept]").length;
    place.dataset.words ||= place.textContent;
    place.textContent = ticked ? `${ticked} · ${place.dataset.words}` : place.dataset.words;
    const meant = ticked > 0 || Boolean(form.querySelector("input[name=all]:checked"));
    form.querySelectorAll("[data-of-ticked]").forEach((button) => (button.disabled = !meant));
    const head = form.querySelector("[data-tick-all]");
    head.checked = here > 0 && here === all.length;
    head.indeterminate = here > 0 && here < all.length;
  };
  document.addEventListener("change", (event) => {
    const form = event.target.closest("form.ticking");
    if (!form) return;
    if (event.target.matches("[data-tick-all]"))
      form.querySelectorAll("tbody input[type=checkbox]").forEach((box) => (box.checked = event.target.checked));
    countTicks(form);
  });
  window.addEventListener("pageshow", () => {
    giveBack();
    // The browser's "back" brings ticks with it.
    document.querySelectorAll("form.ticking").forEach(countTicks);
  });

  // Single keys do what the button that shows them does; J, K and Enter walk through a list.
  const rows = () => [...document.querySelectorAll("[data-rows] tr[data-href]")];
  const walk = (step) => {
    const all = rows();
    const now = all.findIndex((row) => row.classList.contains("current"));
    const next = all[Math.max(0, Math.min(all.length - 1, now + step))];
    if (!next) return;
    all.forEach((row) => row.classList.toggle("current", row === next));
    next.scrollIntoView({ block: "nearest" });
  };
  const KEYS = {
    j: () => walk(1),
    k: () => walk(-1),
    Enter: () => {
      const row = document.querySelector("[data-rows] tr.current");
      if (row) window.location = row.dataset.href;
      return Boolean(row);
    },
    x: () => {
      const box = document.querySelector("[data-rows] tr.current td.tick input");
      if (box) box.click();
      return Boolean(box);
    },
  };
  // Escape closes a menu and goes back to what opened it.
  document.addEventListener("keydown", (event) => {
    const menu = event.key === "Escape" && document.querySelector("details.menu[open]");
    if (!menu) return;
    menu.removeAttribute("open");
    menu.querySelector("summary").focus();
  });
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || typing(document.activeElement) || dialog()?.open) return;
    const button = [...document.querySelectorAll("[data-key]")].find((element) => element.dataset.key.split(" ").includes(event.key.toLowerCase()));
    if (button) {
      event.preventDefault();
      if (button.matches("input, textarea")) button.focus();
      else if (button.dataset.focus) document.querySelector(button.dataset.focus)?.focus();
      else button.click();
    } else if (KEYS[event.key] && KEYS[event.key]() !== false) event.preventDefault();
  });

  // Ages, as core.console.ages says them.
  const short = (seconds) => {
    if (seconds < 60) return "now";
    if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
    if (seconds < 172800) return `${Math.floor(seconds / 3600)} h`;
    return `${Math.floor(seconds / 86400).toLocaleString("en")} d`;
  };
  const refreshAges = () => {
    document.querySelectorAll("time[data-ago], time[data-age]").forEach((element) => {
      const seconds = (Date.now() - new Date(element.dateTime)) / 1000;
      const text = short(Math.abs(seconds));
      let said = text;
      if ("ago" in element.dataset) said = text === "now" ? "just now" : seconds < 0 ? `in ${text}` : `${text} ago`;
      if (element.textContent !== said) element.textContent = said;
    });
  };

  // What is known is suggested while one types.
  let pending;
  document.addEventListener("input", (event) => {
    const list = event.target.list;
    if (!list || !list.dataset.suggests) return;
    clearTimeout(pending);
    const text = event.target.value;
    pending = setTimeout(async () => {
      const address = new URL(list.dataset.suggests, window.location);
      address.searchParams.set("q", text);
      const answer = await fetch(address, { headers: { "X-Requested-With": "fetch" } });
      if (answer.ok) list.innerHTML = await answer.text();
    }, 200);
  });

  // A select of many becomes pills with a field to find more.
  const picker = (select) => {
    select.dataset.ready = "1";
    const box = document.createElement("div");
    box.className = "picker";
    const seek = Object.assign(document.createElement("input"), { type: "text", className: "seek", placeholder: select.dataset.placeholder || "Type to find…" });
    seek.setAttribute("role", "combobox");
    seek.setAttribute("aria-label", select.labels?.[0]?.textContent || "");
    const list = document.createElement("ul");
    list.setAttribute("role", "listbox");
    list.setAttribute("aria-label", seek.getAttribute("aria-label"));
    list.id = `${select.id}-found`;
    seek.setAttribute("aria-autocomplete", "list");
    seek.setAttribute("aria-controls", list.id);
    const unfold = (open) => {
      list.hidden = !open;
      seek.setAttribute("aria-expanded", String(open));
      if (!open) seek.removeAttribute("aria-activedescendant");
    };
    unfold(false);
    let at = 0;
    const options = () => {
      const text = seek.value.trim().toLowerCase();
      return [...select.options].filter((option) => !option.selected && option.text.toLowerCase().includes(text)).slice(0, 30);
    };
    const draw = () => {
      box.querySelectorAll(".pill").forEach((pill) => pill.remove());
      [...select.selectedOptions].forEach((option) => {
        const pill = Object.assign(document.createElement("button"), { type: "button", className: "badge accent pill", textContent: `${option.text} ×` });
        pill.addEventListener("click", () => { option.selected = false; draw(); seek.focus(); });
        box.insertBefore(pill, seek);
      });
      list.replaceChildren(...options().map((option, index) => {
        const item = Object.assign(document.createElement("li"), { textContent: option.text });
        item.setAttribute("role", "option");
        item.id = `${list.id}-${index}`;
        item.setAttribute("aria-selected", String(index === at));
        item.addEventListener("mousedown", (event) => { event.preventDefault(); choose(option); });
        return item;
      }));
      if (!list.hidden && list.children[at]) seek.setAttribute("aria-activedescendant", list.children[at].id);
      else seek.removeAttribute("aria-activedescendant");
    };
    const choose = (option) => { if (option) option.selected = true; seek.value = ""; at = 0; draw(); };
    seek.addEventListener("input", () => { at = 0; unfold(true); draw(); });
    seek.addEventListener("focus", () => { unfold(true); draw(); });
    seek.addEventListener("blur", () => unfold(false));
    seek.addEventListener("keydown", (event) => {
      if (event.key === "ArrowDown" || event.key === "ArrowUp") {
        event.preventDefault();
        at = Math.max(0, Math.min(list.childElementCount - 1, at + (event.key === "ArrowDown" ? 1 : -1)));
        draw();
        list.children[at]?.scrollIntoView({ block: "nearest" });
      } else if (event.key === "Enter" && (seek.value || !list.hidden)) {
        event.preventDefault();
        choose(options()[at]);
      } else if (event.key === "Backspace" && !seek.value && select.selectedOptions.length) {
        [...select.selectedOptions].pop().selected = false;
        draw();
      } else if (event.key === "Escape" && !list.hidden) {
        event.stopPropagation();
        event.preventDefault();
        unfold(false);
      }
    });
    box.append(seek, list);
    select.hidden = true;
    select.after(box);
    draw();
  };
  const enhance = (root) => {
    root.querySelectorAll("select.console-picker:not([data-ready])").forEach(picker);
    // On a narrow screen the chosen tab may lie outside of its strip.
    root.querySelectorAll(".tabs .here").forEach((tab) => { tab.parentElement.scrollLeft = tab.offsetLeft - tab.parentElement.offsetLeft - 40; });
  };

  document.addEventListener("DOMContentLoaded", () => {
    document.body.addEventListener("htmx:afterSwap", (event) => {
      if (event.detail.target === dialog()) shown();
      else enhance(document);
    });
    // The session ended meanwhile: the log-in belongs in a tab of its own, and what was typed stays.
    document.body.addEventListener("htmx:beforeSwap", (event) => {
      if (!event.detail.xhr.responseURL.includes("/login/")) return;
      event.detail.shouldSwap = false;
      giveBack();
      if (dialog().childElementCount && !dialog().open) dialog().showModal();
      window.dispatchLive.loggedOut();
    });
    document.body.addEventListener("htmx:responseError", failed);
    document.body.addEventListener("htmx:sendError", failed);
    dialog()?.addEventListener("cancel", guard);
    dialog()?.addEventListener("close", () => { if (document.activeElement === document.body) opener?.focus(); });
    dialog()?.addEventListener("close", leave);
    dialog()?.addEventListener("input", (event) => event.target.form && (event.target.form.dataset.written = ""));
    enhance(document);
    refreshAges();
    setInterval(refreshAges, 20000);
  });
})();
