// Stands in for https://js.stripe.com/v3/: the same names and answers, for the card alone.
// `v3_payments.js` follows in the same scope.
"use strict";
const here = new URL(".", document.currentScript.src);
const origin = here.origin;
const api = new URL("../../v1/", here).href;
const shop = window.location.origin;
let count = 0;

const wrong = (message) => {
  const error = new Error(message);
  error.name = "IntegrationError";
  return error;
};

const flat = (value, at = "", into = {}) => {
  for (const [name, part] of Object.entries(value || {})) {
    const where = at ? `${at}[${name}]` : name;
    if (part !== null && typeof part === "object") flat(part, where, into);
    else if (part !== undefined && part !== null) into[where] = String(part);
  }
  return into;
};

const idOf = (secret) => {
  if (typeof secret !== "string" || !/^pi_\w+_secret_\w+$/.test(secret)) {
    throw wrong("Invalid value for clientSecret: value should be a client secret of the form "
      + "${id}_secret_${secret}. You specified: " + secret + ".");
  }
  return secret.split("_secret_")[0];
};

const connection = (fault) => ({
  error: { type: "api_connection_error", message: `The connection failed: ${fault.message}` },
});

class Listeners {
  constructor() { this.all = new Map(); }
  on(name, handler) {
    this.all.set(name, [...(this.all.get(name) || []), handler]);
    return this;
  }
  off(name, handler) {
    const left = (this.all.get(name) || []).filter((one) => handler && one !== handler);
    this.all.set(name, left);
    return this;
  }
  once(name, handler) {
    const once = (event) => { this.off(name, once); handler(event); };
    return this.on(name, once);
  }
  emit(name, event) { for (const one of this.all.get(name) || []) one(event); }
}

class PaymentElement extends Listeners {
  constructor(group, options) {
    super();
    const { key } = group.client;
    Object.assign(this, { group, key, options: options || {}, waiting: new Map() });
    this.receive = this.receive.bind(this);
  }

  mount(target) {
    const place = typeof target === "string" ? document.querySelector(target) : target;
    if (!place) {
      throw wrong(`The selector you specified (${target}) applies to no DOM elements that are `
        + "currently on the page.");
    }
    if (this.destroyed) throw wrong("This Element has already been destroyed.");
    this.unmount();
    this.name = `__privateStripeFrame${++count}`;
    this.ready = new Promise((resolve, reject) => { this.opened = resolve; this.failed = reject; });
    this.ready.catch(() => {});
    const query = new URLSearchParams({ parent: shop, frame: this.name, key: this.key });
    this.frame = document.createElement("iframe");
    this.frame.name = this.name;
    this.frame.title = "Secure payment input frame";
    this.frame.setAttribute("allow", "payment *");
    this.frame.src = `${new URL("card.html", here).href}?${query}`;
    Object.assign(this.frame.style, {
      border: "0", width: "calc(100% + 8px)", margin: "-4px", height: "1px", display: "block",
    });
    window.addEventListener("message", this.receive);
    place.replaceChildren(this.frame);
    place.classList.add("StripeElement");
    this.place = place;
    this.emit("loaderstart", { elementType: "payment" });
    const message = "The payment form could not be loaded.";
    this.timer = setTimeout(
      () => this.loadFailed({ type: "api_connection_error", message }), 15000);
  }

  loadFailed(error) {
    clearTimeout(this.timer);
    this.failed(wrong(error.message));
    this.emit("loaderror", { elementType: "payment", error });
  }

  unmount() {
    clearTimeout(this.timer);
    window.removeEventListener("message", this.receive);
    if (this.frame) this.frame.remove();
    if (this.place) this.place.classList.remove("StripeElement");
    this.frame = this.place = null;
  }

  destroy() {
    this.unmount();
    this.destroyed = true;
    this.group.element = null;
  }

  receive(event) {
    if (event.origin !== origin || !this.frame || event.source !== this.frame.contentWindow) {
      return;
    }
    const { sandboxStripe: about, ...detail } = event.data || {};
    if (about === "ready") this.loaded();
    else if (about === "height") this.frame.style.height = `${detail.height + 1}px`;
    else if (about === "answer") this.settle(detail);
    else if (about === "change") {
      const { empty, complete } = detail;
      const value = { type: "card" };
      this.emit("change", { elementType: "payment", empty, complete, collapsed: false, value });
    } else if (["focus", "blur", "escape"].includes(about)) {
      this.emit(about, { elementType: "payment" });
    }
  }

  async loaded() {
    const error = await this.unpayable();
    if (error) {
      this.loadFailed(error);
      return;
    }
    clearTimeout(this.timer);
    this.opened();
    await this.dress();
    this.emit("ready", { elementType: "payment" });
  }

  async unpayable() {
    const { clientSecret } = this.group.options;
    if (!clientSecret) return null;
    const { error, paymentIntent } = await this.group.client.retrievePaymentIntent(clientSecret);
    if (error || !["succeeded", "canceled"].includes(paymentIntent.status)) return error;
    const message = "This PaymentIntent is in a terminal state and cannot be used to initialize "
      + "Elements.";
    const code = "payment_intent_unexpected_state";
    return { type: "invalid_request_error", code, message, payment_intent: paymentIntent };
  }

  settle({ id, result }) {
    const resolve = this.waiting.get(id);
    this.waiting.delete(id);
    if (resolve) resolve(result || {});
  }

  async ask(about, order = {}) {
    if (!this.frame) throw wrong("The Payment Element is not mounted.");
    await this.ready;
    const id = ++count;
    return new Promise((resolve) => {
      this.waiting.set(id, resolve);
      this.frame.contentWindow.postMessage({ sandboxStripe: about, id, ...order }, origin);
    });
  }

  dress() {
    const { appearance, locale } = this.group.options;
    return this.ask("dress", { appearance, locale, readOnly: this.options.readOnly });
  }

  update(options) {
    Object.assign(this.options, options);
    if (this.frame) this.dress();
    return this;
  }

  collapse() { return this; }
  focus() { this.ask("focus"); }
  blur() { this.ask("blur"); }
  clear() { this.ask("clear"); }
}

class Elements {
  constructor(client, options) {
    Object.assign(this, { client, options: { ...options }, element: null });
    if (this.options.clientSecret) idOf(this.options.clientSecret);
  }
  create(type, options) {
    if (type !== "payment") throw wrong(`A valid Element name must be provided. ${type} is not here.`);
    if (this.element) throw wrong("Can only create one Element of type payment.");
    this.element = new PaymentElement(this, options);
    return this.element;
  }
  getElement(type) { return type === "payment" ? this.element : null; }
  update(options) {
    Object.assign(this.options, options);
    if (this.element && this.element.frame) this.element.dress();
  }
  async fetchUpdates() { return {}; }
  async submit() {
    if (!this.element) throw wrong("There is no Payment Element to submit.");
    const { error } = await this.element.ask("submit");
    return error ? { error } : { selectedPaymentMethod: "card" };
  }
}
