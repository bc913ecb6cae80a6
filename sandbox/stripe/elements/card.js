// Inside the frame: the only place where a card number is ever typed or kept.
(() => {
  "use strict";
  const query = new URLSearchParams(location.search);
  const shop = query.get("parent");
  const frame = query.get("frame");
  const key = query.get("key");
  const api = new URL("../../v1/", location.href).href;
  const fields = ["number", "expiry", "cvc"];
  const input = Object.fromEntries(fields.map((name) => [name, document.getElementById(name)]));
  const touched = new Set();
  const TEXTS = {
    en: { number: "Card number", expiry: "Expiration date", cvc: "Security code" },
    de: { number: "Kartennummer", expiry: "Ablaufdatum", cvc: "Sicherheitscode" },
    fr: { number: "Numéro de carte", expiry: "Date d’expiration", cvc: "Code de sécurité" },
    es: { number: "Número de tarjeta", expiry: "Fecha de caducidad", cvc: "Código de seguridad" },
  };
  const BRANDS = [
    [/^4/, "VISA"], [/^(5[1-5]|2[2-7])/, "Mastercard"], [/^3[47]/, "AMEX"], [/^6/, "Discover"],
  ];

  const digits = (name) => input[name].value.replace(/\D/g, "");
  const say = (about, detail = {}) =>
    window.parent.postMessage({ sandboxStripe: about, frame, ...detail }, shop);

  const luhn = (number) => {
    let sum = 0;
    [...number].reverse().forEach((digit, place) => {
      const value = Number(digit) * (place % 2 ? 2 : 1);
      sum += value > 9 ? value - 9 : value;
    });
    return sum % 10 === 0;
  };

  const amex = () => /^3[47]/.test(digits("number"));
  const problem = (name) => {
    const value = digits(name);
    if (name === "number") {
      if (value.length < (amex() ? 15 : 16)) {
        return ["incomplete_number", "Your card number is incomplete."];
      }
      return luhn(value) ? null : ["invalid_number", "Your card number is invalid."];
    }
    if (name === "cvc") {
      const short = value.length < (amex() ? 4 : 3);
      return short ? ["incomplete_cvc", "Your card’s security code is incomplete."] : null;
    }
    if (value.length < 4) {
      return ["incomplete_expiry", "Your card’s expiration date is incomplete."];
    }
    const month = Number(value.slice(0, 2));
    const end = new Date(2000 + Number(value.slice(2)), month, 1);
    if (month < 1 || month > 12) {
      return ["invalid_expiry_month", "Your card’s expiration date is invalid."];
    }
    return end > new Date() ? null
      : ["invalid_expiry_year_past", "Your card’s expiration year is in the past."];
  };

  const resize = () => say("height", { height: document.documentElement.offsetHeight });

  const show = (name) => {
    const found = touched.has(name) ? problem(name) : null;
    input[name].setAttribute("aria-invalid", String(Boolean(found)));
    document.getElementById(`${name}-error`).textContent = found ? found[1] : "";
    resize();
  };

  const tell = () => say("change", {
    empty: fields.every((name) => input[name].value === ""),
    complete: fields.every((name) => !problem(name)),
  });

  const grouped = (value) => {
    const sizes = /^3[47]/.test(value) ? [4, 6, 5] : [4, 4, 4, 7];
    const groups = [];
    for (const size of sizes) {
      if (value) groups.push(value.slice(0, size));
      value = value.slice(size);
    }
    return groups.join(" ");
  };

  const format = (name) => {
    const value = digits(name);
    if (name === "number") {
      input.number.value = grouped(value);
      const brand = BRANDS.find(([pattern]) => pattern.test(value));
      document.getElementById("brand").textContent = brand ? brand[1] : "";
    } else if (name === "expiry") {
      const padded = /^[2-9]/.test(value) ? `0${value}` : value;
      input.expiry.value = padded.length > 2
        ? `${padded.slice(0, 2)} / ${padded.slice(2, 4)}` : padded;
    } else {
      input.cvc.value = value;
    }
  };

  const dress = ({ appearance = {}, locale, readOnly }) => {
    const root = document.documentElement;
    root.className = ["night", "flat"].includes(appearance.theme) ? appearance.theme : "";
    const named = {
      colorPrimary: "--primary", colorBackground: "--background", colorText: "--text",
      colorDanger: "--danger", borderRadius: "--radius", fontFamily: "--font",
      fontSizeBase: "--size", colorTextPlaceholder: "--placeholder",
    };
    for (const [name, property] of Object.entries(named)) {
      const value = (appearance.variables || {})[name];
      if (value) root.style.setProperty(property, value);
      else root.style.removeProperty(property);
    }
    // Browsers without the system's languages make one up, such as `en-US@posix`, or have none.
    const wanted = String(!locale || locale === "auto" ? navigator.language : locale).slice(0, 2);
    const language = wanted in TEXTS ? wanted : "en";
    root.lang = language;
    for (const label of document.querySelectorAll("[data-text]")) {
      label.textContent = TEXTS[language][label.dataset.text];
    }
    for (const name of fields) input[name].disabled = Boolean(readOnly);
    resize();
  };

  const validate = () => {
    fields.forEach((name) => { touched.add(name); show(name); });
    const wrong = fields.find((name) => problem(name));
    if (!wrong) return null;
    input[wrong].focus();
    const [code, message] = problem(wrong);
    return { type: "validation_error", code, message };
  };

  const post = async (path, values) => {
    const response = await fetch(api + path, {
      method: "POST",
      headers: { authorization: `Bearer ${key}` },
      body: new URLSearchParams(values),
    });
    return response.json();
  };

  const createPaymentMethod = async ({ billing }) => {
    const error = validate();
    if (error) return { error };
    const expiry = digits("expiry");
    const answer = await post("payment_methods", {
      type: "card",
      "card[number]": digits("number"),
      "card[exp_month]": String(Number(expiry.slice(0, 2))),
      "card[exp_year]": String(2000 + Number(expiry.slice(2))),
      "card[cvc]": digits("cvc"),
      ...billing,
    });
    return answer.error ? { error: answer.error } : { paymentMethod: answer };
  };

  const orders = {
    dress: async (order) => dress(order),
    submit: async () => ({ error: validate() }),
    createPaymentMethod,
    focus: async () => input.number.focus(),
    blur: async () => document.activeElement.blur(),
    clear: async () => {
      fields.forEach((name) => { input[name].value = ""; touched.delete(name); show(name); });
      tell();
    },
  };

  window.addEventListener("message", async (event) => {
    if (event.origin !== shop || event.source !== window.parent) return;
    const { sandboxStripe: about, id, ...order } = event.data || {};
    if (!Object.hasOwn(orders, about)) return;
    let result;
    try {
      result = await orders[about](order);
    } catch (fault) {
      const message = "We are experiencing issues connecting to our payments provider.";
      result = { error: { type: "api_connection_error", message, cause: String(fault) } };
    }
    say("answer", { id, result });
  });

  for (const name of fields) {
    input[name].addEventListener("input", () => { format(name); show(name); tell(); });
    input[name].addEventListener("focus", () => say("focus"));
    input[name].addEventListener("blur", () => {
      if (input[name].value) touched.add(name);
      show(name);
      say("blur");
    });
    input[name].addEventListener("keydown", (event) => {
      if (event.key === "Escape") say("escape");
    });
  }
  document.getElementById("card").addEventListener("submit", (event) => event.preventDefault());
  new ResizeObserver(resize).observe(document.body);
  say("ready");
})();
