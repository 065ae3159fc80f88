/**
 * The dashboard card and the dashboard strategies of the SMSKit integration.
 *
 * This module is served as it is: it has no build step, imports nothing and loads nothing
 * from other servers. Message texts are untrusted: they are only ever set as textContent,
 * and nothing in them becomes a link.
 *
 * @typedef {object} CardConfig
 * @property {string} type `custom:smskit-card`
 * @property {"conversations" | "compact" | "pairing"} [view] default: conversations
 * @property {string} [config_entry_id] account; default: the first one
 * @property {string} [device_id] channel to pair; default: one that is not connected
 *
 * @typedef {object} Account An account as returned by `smskit/accounts`.
 * @property {string} config_entry_id
 * @property {string} title
 * @property {string} unit `credits` or an ISO 4217 code
 * @property {Record<string, string>} entities entity IDs by translation key
 * @property {{name: string, numbers: string[], entity_id: string | null}[]} recipients
 * @property {{device_id: string, name: string, entities: Record<string, string>}[]} channels
 * @property {Rights} may what the user may do; anything else is refused
 *
 * @typedef {object} Rights
 * @property {boolean} control mark messages as read, cancel what is held
 * @property {boolean} text_others send to numbers that no recipient has
 * @property {boolean} administer see the code of a channel, and refresh it
 * @property {string[]} send notify entities of the recipients that they may send to
 *
 * @typedef {object} Message A message as returned by `smskit/messages/list`.
 * @property {string} id
 * @property {string} number
 * @property {string} text
 * @property {string} date ISO 8601
 * @property {"in" | "out"} direction
 * @property {boolean} is_cut whether `text` is only the beginning
 * @property {boolean} [read] received messages only
 * @property {string} [status] sent messages only
 * @property {string | null} [reason] sent messages only: why it failed, in the language of
 *   Home Assistant
 * @property {string | null} [reason_code] sent messages only: the same as a code
 * @property {string | null} [cause] sent messages only: what the reason names as its cause
 * @property {string | null} [quote] sent messages only: what the portal said
 */

const CARD = "smskit-card";
const STRATEGY = "smskit";
const VIEWS = ["conversations", "compact", "pairing"];
const PAGE = 50;
const LARGEST_PAGE = 200;
const DAY = 86400000;
const PREVIEW_DELAY = 300;
const RETRY_DELAY = 3000;
const MAX_MISSES = 20;
// What is longer is folded. The style of a folded text has the lines, too.
const FOLDED_LENGTH = 900;
const FOLDED_LINES = 12;

// --- Texts --------------------------------------------------------------------------

const TEXTS = {
  en: {
    messages: "Messages",
    conversations: "Conversations",
    new_message: "New message",
    no_messages: "No messages yet",
    choose: "Select a conversation",
    back: "Back to conversations",
    show_all: "Show all",
    show_less: "Show less",
    show_failed: "It could not be loaded. Try again",
    latest: "Newest messages",
    unread_one: "{n} unread",
    unread_other: "{n} unread",
    you: "You: {text}",
    to: "To",
    to_hint: "A number or a recipient",
    write: "Write a message",
    write_to: "Message to {name}",
    send: "Send",
    sending: "Sending…",
    no_reply: "{name} does not accept replies.",
    may_not_send: "You do not have permission to write to {name}.",
    segments_one: "{n} segment",
    segments_other: "{n} segments",
    credits_one: "{n} credit",
    credits_other: "{n} credits",
    gsm7: "GSM-7",
    ucs2: "Unicode",
    blocked_hourly_limit: "The hourly limit has been reached.",
    blocked_repeat: "The same text has just been sent to this number.",
    ready: "Sending",
    held: "Held until the portal can be reached",
    scheduled: "Scheduled",
    queued: "Queued",
    sent: "Sent",
    failed: "Failed",
    failed_because: "Failed: {why}",
    holding_one: "{n} message is held",
    holding_other: "{n} messages are held",
    cancel_held: "Cancel",
    expired: "Expired: held for too long",
    unknown: "Unknown: it may have been sent",
    quoted: "“{name}”",
    came_in: "Message from {name}: {text}",
    not_sent: "Not sent: {text}",
    today: "Today",
    yesterday: "Yesterday",
    loading: "Loading…",
    failed_to_load: "Failed to load the messages.",
    no_account: "No SMSKit account is set up and loaded.",
    lost_account: "This account is not loaded.",
    unavailable: "Unavailable",
    balance: "Balance",
    low_balance: "Low balance",
    spent_today: "{amount} spent today",
    trend: "Balance over the last 7 days, from {from} to {to}",
    unread: "Unread",
    last_message: "Last message",
    no_channel: "This account has no WhatsApp channel.",
    may_not_pair: "Only administrators can connect a channel.",
    pair: "Connect {name}",
    step_1: "Open WhatsApp on the phone for this channel.",
    step_2: "Go to Settings → Linked devices → Link a device.",
    step_3: "Point the phone at this code.",
    qr: "QR code to link {name}",
    refresh_qr: "Refresh QR code",
    connected: "{name} is connected",
    connected_hint: "Messages can now be sent through WhatsApp.",
    card_conversations: "Conversations",
    card_compact: "Compact",
    card_pairing: "Pairing",
    card_description:
      "SMS and WhatsApp conversations, the balance, or the pairing of a channel.",
    field_view: "Shows",
    field_config_entry_id: "Account",
    field_device_id: "Channel",
    help_config_entry_id: "If empty, the first account.",
    help_device_id: "If empty, a channel that is waiting to be connected.",
    account: "Account",
    recipients: "Recipients",
    channels: "Channels",
    messages_sent: "Sent",
    messages_failed: "Failed",
    messages_pending: "Pending",
    strategy_description:
      "Balance, conversations, recipients, and channels, set up automatically.",
  },
  fr: {
    messages: "Messages",
    conversations: "Conversations",
    new_message: "Nouveau message",
    no_messages: "Aucun message pour l’instant",
    choose: "Sélectionnez une conversation",
    back: "Retour aux conversations",
    show_all: "Tout afficher",
    show_less: "Réduire",
    show_failed: "Le chargement a échoué. Réessayer",
    latest: "Derniers messages",
    unread_one: "{n} non lu",
    unread_other: "{n} non lus",
    you: "Vous : {text}",
    to: "À",
    to_hint: "Un numéro ou un destinataire",
    write: "Écrire un message",
    write_to: "Message à {name}",
    send: "Envoyer",
    sending: "Envoi…",
    no_reply: "{name} n’accepte pas les réponses.",
    may_not_send: "Vous n’êtes pas autorisé à écrire à {name}.",
    segments_one: "{n} segment",
    segments_other: "{n} segments",
    credits_one: "{n} crédit",
    credits_other: "{n} crédits",
    gsm7: "GSM-7",
    ucs2: "Unicode",
    blocked_hourly_limit: "La limite horaire est atteinte.",
    blocked_repeat: "Le même texte vient d’être envoyé à ce numéro.",
    ready: "Envoi en cours",
    held: "Retenu jusqu’à ce que le portail soit joignable",
    scheduled: "Programmé",
    queued: "En file d’attente",
    sent: "Envoyé",
    failed: "Échec",
    failed_because: "Échec : {why}",
    holding_one: "{n} message retenu",
    holding_other: "{n} messages retenus",
    cancel_held: "Annuler",
    expired: "Expiré : retenu trop longtemps",
    unknown: "Inconnu : peut-être envoyé",
    quoted: "« {name} »",
    came_in: "Message de {name} : {text}",
    not_sent: "Non envoyé : {text}",
    today: "Aujourd’hui",
    yesterday: "Hier",
    loading: "Chargement…",
    failed_to_load: "Impossible de charger les messages.",
    no_account: "Aucun compte SMSKit n’est configuré et chargé.",
    lost_account: "Ce compte n’est pas chargé.",
    unavailable: "Indisponible",
    balance: "Solde",
    low_balance: "Solde faible",
    spent_today: "{amount} dépensés aujourd’hui",
    trend: "Solde des 7 derniers jours, de {from} à {to}",
    unread: "Non lus",
    last_message: "Dernier message",
    no_channel: "Ce compte n’a pas de canal WhatsApp.",
    may_not_pair: "Seuls les administrateurs peuvent connecter un canal.",
    pair: "Connecter {name}",
    step_1: "Ouvrez WhatsApp sur le téléphone de ce canal.",
    step_2: "Ouvrez Paramètres → Appareils connectés → Connecter un appareil.",
    step_3: "Scannez ce code avec le téléphone.",
    qr: "Code QR pour connecter {name}",
    refresh_qr: "Actualiser le code QR",
    connected: "{name} est connecté",
    connected_hint: "Les messages peuvent maintenant être envoyés par WhatsApp.",
    card_conversations: "Conversations",
    card_compact: "Compact",
    card_pairing: "Connexion d’un canal",
    card_description:
      "Les conversations par SMS et WhatsApp, le solde ou la connexion d’un canal.",
    field_view: "Affiche",
    field_config_entry_id: "Compte",
    field_device_id: "Canal",
    help_config_entry_id: "Si ce champ est vide, le premier compte.",
    help_device_id: "Si ce champ est vide, un canal en attente de connexion.",
    account: "Compte",
    recipients: "Destinataires",
    channels: "Canaux",
    messages_sent: "Envoyés",
    messages_failed: "Échecs",
    messages_pending: "En attente",
    strategy_description:
      "Solde, conversations, destinataires et canaux, configurés automatiquement.",
  },
};

/** Return a text in a language, with `{name}` placeholders replaced from `values`. */
function translate(language, key, values = {}) {
  const texts = TEXTS[String(language).split("-")[0]] ?? TEXTS.en;
  const text = texts[key] ?? TEXTS.en[key] ?? key;
  return text.replace(/\{(\w+)\}/g, (_, name) => String(values[name] ?? ""));
}

/** Return the singular or plural text for a number. */
function translateCount(language, key, n) {
  const one = new Intl.PluralRules(language).select(n) === "one";
  const shown = new Intl.NumberFormat(language).format(n);
  return translate(language, `${key}_${one ? "one" : "other"}`, { n: shown });
}

/** Return the language where no `hass` object is available: card editor and picker. */
function pageLanguage() {
  return document.querySelector("home-assistant")?.hass?.language ?? document.documentElement.lang;
}

// --- Times --------------------------------------------------------------------------

/** Formats times according to the user's profile. */
class Clock {
  constructor(hass) {
    const locale = hass.locale ?? { language: hass.language };
    const language = locale.language || "en";
    const zone = locale.time_zone === "server" ? hass.config.time_zone : undefined;
    const cycle = { 12: { hour12: true }, 24: { hour12: false } }[locale.time_format] ?? {};
    // The system setting overrides the language: undefined is the browser's locale.
    const timeLanguage = locale.time_format === "system" ? undefined : language;
    const make = (options, of = language) =>
      new Intl.DateTimeFormat(of, { ...options, timeZone: zone });
    this.language = language;
    this._order = { DMY: "dmy", MDY: "mdy", YMD: "ymd" }[locale.date_format];
    this._time = make({ hour: "numeric", minute: "2-digit", ...cycle }, timeLanguage);
    this._weekday = make({ weekday: "short" });
    this._date = make({ day: "numeric", month: "numeric", year: "2-digit" });
    this._long = make({ weekday: "long", day: "numeric", month: "long" });
    this._longWithYear = make({ day: "numeric", month: "long", year: "numeric" });
    this._full = make({ dateStyle: "full", timeStyle: "short", ...cycle });
    this._key = new Intl.DateTimeFormat("en-CA", { timeZone: zone });
    this._parts = new Intl.DateTimeFormat("en-GB", { timeZone: zone, timeStyle: "medium" });
  }

  time(date) {
    return this._time.format(date);
  }

  full(date) {
    return this._full.format(date);
  }

  /** Return the day of a time as a comparable key. */
  day(date) {
    return this._key.format(date);
  }

  startOfToday() {
    const now = new Date();
    const [hours, minutes, seconds] = this._parts.format(now).split(":").map(Number);
    return new Date(now - ((hours * 60 + minutes) * 60 + seconds) * 1000 - now.getMilliseconds());
  }

  /** Return a time for the list; more recent times are more precise. */
  short(date) {
    const now = Date.now();
    if (this.day(date) === this.day(now)) {
      return this.time(date);
    }
    if (now - date < 6 * DAY && date < now) {
      return this._weekday.format(date);
    }
    return this._order ? this._ordered(date) : this._date.format(date);
  }

  /** Return the heading of a day in a conversation. */
  heading(date) {
    const day = this.day(date);
    if (day === this.day(Date.now())) {
      return translate(this.language, "today");
    }
    if (day === this.day(Date.now() - DAY)) {
      return translate(this.language, "yesterday");
    }
    const near = Math.abs(Date.now() - date) < 180 * DAY;
    return (near ? this._long : this._longWithYear).format(date);
  }

  _ordered(date) {
    const parts = this._date.formatToParts(date);
    const literal = parts.find((part) => part.type === "literal")?.value ?? "/";
    const names = { d: "day", m: "month", y: "year" };
    return [...this._order]
      .map((letter) => parts.find((part) => part.type === names[letter])?.value)
      .join(literal);
  }
}

// --- Elements -----------------------------------------------------------------------

const ICONS = {
  account:
    "M12,4A4,4 0 0,1 16,8A4,4 0 0,1 12,12A4,4 0 0,1 8,8A4,4 0 0,1 12,4M12,14C16.42,14 20,15.79 20,18V20H4V18C4,15.79 7.58,14 12,14Z",
  alert: "M13 14H11V9H13M13 18H11V16H13M1 21H23L12 2L1 21Z",
  back: "M20,11V13H8L13.5,18.5L12.08,19.92L4.16,12L12.08,4.08L13.5,5.5L8,11H20Z",
  check_circle:
    "M12 2C6.5 2 2 6.5 2 12S6.5 22 12 22 22 17.5 22 12 17.5 2 12 2M10 17L5 12L6.41 10.59L10 14.17L17.59 6.58L19 8L10 17Z",
  compose:
    "M20 2H4C2.9 2 2 2.9 2 4V22L6 18H20C21.1 18 22 17.1 22 16V4C22 2.9 21.1 2 20 2M20 16H5.2L4 17.2V4H20V16M16 9V11H13V14H11V11H8V9H11V6H13V9H16Z",
  down: "M7.41,8.58L12,13.17L16.59,8.58L18,10L12,16L6,10L7.41,8.58Z",
  email:
    "M22 6C22 4.9 21.1 4 20 4H4C2.9 4 2 4.9 2 6V18C2 19.1 2.9 20 4 20H20C21.1 20 22 19.1 22 18V6M20 6L12 11L4 6H20M20 18H4V8L12 13L20 8V18Z",
  message:
    "M20,2A2,2 0 0,1 22,4V16A2,2 0 0,1 20,18H6L2,22V4C2,2.89 2.9,2 4,2H20M4,4V17.17L5.17,16H20V4H4M6,7H18V9H6V7M6,11H15V13H6V11Z",
  refresh:
    "M17.65,6.35C16.2,4.9 14.21,4 12,4A8,8 0 0,0 4,12A8,8 0 0,0 12,20C15.73,20 18.84,17.45 19.73,14H17.65C16.83,16.33 14.61,18 12,18A6,6 0 0,1 6,12A6,6 0 0,1 12,6C13.66,6 15.14,6.69 16.22,7.78L13,11H20V4L17.65,6.35Z",
  send: "M2,21L23,12L2,3V10L17,12L2,14V21Z",
  wallet:
    "M5,3C3.89,3 3,3.9 3,5V19A2,2 0 0,0 5,21H19A2,2 0 0,0 21,19V16.72C21.59,16.37 22,15.74 22,15V9C22,8.26 21.59,7.63 21,7.28V5A2,2 0 0,0 19,3H5M5,5H19V7H13A2,2 0 0,0 11,9V15A2,2 0 0,0 13,17H19V19H5V5M13,9H20V15H13V9M16,10.5A1.5,1.5 0 0,0 14.5,12A1.5,1.5 0 0,0 16,13.5A1.5,1.5 0 0,0 17.5,12A1.5,1.5 0 0,0 16,10.5Z",
};

const TICKS = {
  ready:
    "M12,20A8,8 0 0,0 20,12A8,8 0 0,0 12,4A8,8 0 0,0 4,12A8,8 0 0,0 12,20M12,2A10,10 0 0,1 22,12A10,10 0 0,1 12,22C6.47,22 2,17.5 2,12A10,10 0 0,1 12,2M12.5,7V12.25L17,14.92L16.25,16.15L11,13V7H12.5Z",
  held: "M13,16V8H15V16H13M9,16V8H11V16H9M12,2A10,10 0 0,1 22,12A10,10 0 0,1 12,22A10,10 0 0,1 2,12A10,10 0 0,1 12,2M12,4A8,8 0 0,0 4,12A8,8 0 0,0 12,20A8,8 0 0,0 20,12A8,8 0 0,0 12,4Z",
  scheduled:
    "M15,13H16.5V15.82L18.94,17.23L18.19,18.53L15,16.69V13M19,8H5V19H9.67C9.24,18.09 9,17.07 9,16A7,7 0 0,1 16,9C17.07,9 18.09,9.24 19,9.67V8M5,21C3.89,21 3,20.1 3,19V5C3,3.89 3.89,3 5,3H6V1H8V3H16V1H18V3H19A2,2 0 0,1 21,5V11.1C22.24,12.36 23,14.09 23,16A7,7 0 0,1 16,23C14.09,23 12.36,22.24 11.1,21H5M16,11.15A4.85,4.85 0 0,0 11.15,16C11.15,18.68 13.32,20.85 16,20.85A4.85,4.85 0 0,0 20.85,16C20.85,13.32 18.68,11.15 16,11.15Z",
  queued: "M21,7L9,19L3.5,13.5L4.91,12.09L9,16.17L19.59,5.59L21,7Z",
  sent: "M0.41,13.41L6,19L7.41,17.58L1.83,12M22.24,5.58L11.66,16.17L7.5,12L6.07,13.41L11.66,19L23.66,7M18,7L16.59,5.58L10.24,11.93L11.66,13.34L18,7Z",
  failed:
    "M11,15H13V17H11V15M11,7H13V13H11V7M12,2C6.47,2 2,6.5 2,12A10,10 0 0,0 12,22A10,10 0 0,0 22,12A10,10 0 0,0 12,2M12,20A8,8 0 0,1 4,12A8,8 0 0,1 12,4A8,8 0 0,1 20,12A8,8 0 0,1 12,20Z",
  expired:
    "M11 7V13L16.2 16.1L17 14.9L12.5 12.2V7H11M20 12V18H22V12H20M20 20V22H22V20H20M18 20C16.3 21.3 14.3 22 12 22C6.5 22 2 17.5 2 12S6.5 2 12 2C16.8 2 20.9 5.4 21.8 10H19.7C18.8 6.6 15.7 4 12 4C7.6 4 4 7.6 4 12S7.6 20 12 20C14.4 20 16.5 18.9 18 17.3V20Z",
  unknown:
    "M11,18H13V16H11V18M12,2A10,10 0 0,0 2,12A10,10 0 0,0 12,22A10,10 0 0,0 22,12A10,10 0 0,0 12,2M12,20C7.59,20 4,16.41 4,12C4,7.59 7.59,4 12,4C16.41,4 20,7.59 20,12C20,16.41 16.41,20 12,20M12,6A4,4 0 0,0 8,10H10A2,2 0 0,1 12,8A2,2 0 0,1 14,10C14,12 11,11.75 11,15H13C13,12.75 16,12.5 16,10A4,4 0 0,0 12,6Z",
};

const SVG = "http://www.w3.org/2000/svg";

function svg(tag, attributes) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) {
    element.setAttribute(name, value);
  }
  return element;
}

function icon(path, className = "icon") {
  const element = svg("svg", { viewBox: "0 0 24 24", class: className, "aria-hidden": "true" });
  element.append(svg("path", { d: path }));
  return element;
}

/**
 * Create an element. String children become text nodes, never markup; function
 * attributes become event listeners.
 */
function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") {
      element.addEventListener(name, value);
    } else if (value === true) {
      element.setAttribute(name, "");
    } else if (value !== false && value != null) {
      element.setAttribute(name, value);
    }
  }
  element.append(...children.filter((child) => child != null));
  return element;
}

/** Set the text of an element, unless it is already set. */
function setText(element, text) {
  if (element.textContent !== text) {
    element.textContent = text;
  }
}

function iconButton(path, label, click, className = "") {
  return make(
    "button",
    { type: "button", class: `icon-button ${className}`, "aria-label": label, title: label, click },
    icon(path),
  );
}

function fire(element, type, detail) {
  element.dispatchEvent(new CustomEvent(type, { detail, bubbles: true, composed: true }));
}

/** Return the message of an error, translated if possible. */
async function errorText(hass, error) {
  if (error?.translation_domain && error.translation_key) {
    try {
      const domain = error.translation_domain;
      const localize = await hass.loadBackendTranslation("exceptions", domain);
      const key = `component.${domain}.exceptions.${error.translation_key}.message`;
      const text = localize(key, error.translation_placeholders ?? undefined);
      if (text) {
        return text;
      }
    } catch {
      // Fall back to the untranslated message.
    }
  }
  return String(error?.message ?? error?.code ?? error);
}

/**
 * Return why a message has its status.
 *
 * `localize` has the texts where the user has another language than Home Assistant.
 */
function reasonText(message, localize) {
  if (!localize || !message.reason_code) {
    return message.reason ?? "";
  }
  const text = (key, values) => localize(`component.smskit.common.${key}`, values);
  const quote = message.quote ?? "";
  let cause = "";
  if (message.cause) {
    const quoted = quote ? text(`cause_${message.cause}_quoted`, { quote }) : "";
    cause = quoted || text(`cause_${message.cause}`, { quote });
  }
  return text(`reason_${message.reason_code}`, { cause }) || (message.reason ?? "");
}

// --- Accounts -----------------------------------------------------------------------

/** Recent answers by connection: the cards of a dashboard share one request. */
const recentAccounts = new WeakMap();

/** @returns {Promise<Account[]>} */
function fetchAccounts(hass, fresh = false) {
  const recent = recentAccounts.get(hass.connection);
  if (!fresh && recent && Date.now() - recent.at < 2000) {
    return recent.accounts;
  }
  const accounts = hass.connection
    .sendMessagePromise({ type: "smskit/accounts" })
    .then((answer) => answer.accounts);
  accounts.catch(() => recentAccounts.delete(hass.connection));
  recentAccounts.set(hass.connection, { at: Date.now(), accounts });
  return accounts;
}

function balanceOf(account) {
  return account.entities.balance ?? account.entities.balance_in_currency;
}

function isAvailable(state) {
  return state !== undefined && state.state !== "unavailable" && state.state !== "unknown";
}

/** Unsent texts by account and number, which outlive the card. */
const drafts = new Map();

/** Open conversations by card config, restored when a dashboard is rebuilt. */
const places = new Map();
const PLACE_TTL = 10000;

// --- Conversations ------------------------------------------------------------------

/** View of the list of conversations, with one of them beside or above it. */
class ConversationsView {
  constructor(card) {
    this.card = card;
    this.t = (key, values) => card.t(key, values);
    this._rows = new Map();
    this._summaries = new Map();
    this._total = 0;
    this._messages = new Map();
    this._number = null;
    this._mode = "list";
    this._build();
  }

  get _hass() {
    return this.card.hass;
  }

  _build() {
    const t = this.t;
    this._unread = make("span", { class: "badge", hidden: true });
    this._title = make("h2", { class: "title" }, t("messages"));
    this._list = make("ul", { class: "rows", keydown: (event) => this._moveInList(event) });
    this._empty = make("div", { class: "empty" });
    this._listScroll = make(
      "div",
      { class: "scroll", scroll: () => this._listScrolled() },
      this._list,
      this._empty,
    );
    this._listScroll.setAttribute("aria-busy", "true");
    this._compose = iconButton(ICONS.compose, t("new_message"), () => this._openNew());
    const listPane = make(
      "section",
      { class: "pane list-pane", "aria-label": t("conversations") },
      make(
        "header",
        { class: "bar" },
        this._title,
        this._unread,
        make("span", { class: "grow" }),
        this._compose,
      ),
      make("div", { class: "area" }, this._listScroll),
    );

    this._avatar = make("span", { class: "avatar", "aria-hidden": "true" });
    this._name = make("h2", { class: "title", dir: "auto", tabindex: "-1" });
    this._sub = make("bdi", { class: "secondary number", dir: "ltr" });
    this._back = iconButton(ICONS.back, t("back"), () => this._close(), "back flip");
    this._to = make("input", {
      class: "field",
      type: "text",
      inputmode: "tel",
      autocomplete: "off",
      dir: "auto",
      "aria-label": t("to"),
      placeholder: t("to_hint"),
      input: () => this._toChanged(),
    });
    this._chips = make("div", { class: "chips" });
    this._newRow = make(
      "div",
      { class: "to", hidden: true },
      make("span", { class: "secondary", "aria-hidden": "true" }, t("to")),
      this._to,
      this._chips,
    );
    this._bubbles = make("ol", { class: "bubbles" });
    this._threadScroll = make(
      "div",
      {
        class: "scroll thread",
        tabindex: "0",
        role: "group",
        "aria-label": t("messages"),
        scroll: () => this._threadScrolled(),
      },
      this._bubbles,
    );
    this._latest = iconButton(ICONS.down, t("latest"), () => this._toBottom(true), "latest");
    this._latest.hidden = true;
    this._heldText = make("span", { class: "grow", id: "held" });
    this._cancelButton = make(
      "button",
      {
        type: "button",
        class: "chip",
        "aria-describedby": "held",
        click: () => this._cancelHeld(),
      },
      t("cancel_held"),
    );
    this._held = make(
      "div",
      { class: "held secondary", hidden: true },
      this._heldText,
      this._cancelButton,
    );
    this._text = make("textarea", {
      class: "field",
      rows: "1",
      dir: "auto",
      "aria-describedby": "meter error",
      "aria-label": t("write"),
      placeholder: t("write"),
      input: () => this._onInput(),
      keydown: (event) => this._key(event),
    });
    this._sendButton = make(
      "button",
      { type: "submit", class: "icon-button send", "aria-label": t("send"), title: t("send") },
      icon(ICONS.send, "icon flip"),
    );
    this._meter = make("p", { class: "meter", id: "meter" });
    this._error = make("p", { class: "error", id: "error", role: "alert", dir: "auto" });
    this._composer = make(
      "form",
      {
        class: "composer",
        submit: (event) => {
          event.preventDefault();
          this._send();
        },
      },
      this._error,
      make("div", { class: "write" }, this._text, this._sendButton),
      this._meter,
    );
    this._noReply = make("p", { class: "no-reply secondary", hidden: true });
    this._threadPane = make(
      "section",
      {
        class: "pane thread-pane",
        keydown: (event) => {
          if (event.key === "Escape" && this._mode !== "list") {
            event.stopPropagation();
            this._close();
          }
        },
      },
      make(
        "header",
        { class: "bar" },
        this._back,
        this._avatar,
        make("div", { class: "names" }, this._name, this._sub),
      ),
      this._newRow,
      make("div", { class: "area" }, this._threadScroll, this._latest),
      this._held,
      this._composer,
      this._noReply,
    );
    this._placeholder = make(
      "section",
      { class: "pane placeholder", "aria-label": t("choose") },
      icon(ICONS.message, "icon huge"),
      make("p", {}, t("choose")),
    );
    this._live = make("div", { class: "hidden-text", role: "status" });
    this.root = make(
      "div",
      { class: "chat", "data-mode": "list" },
      listPane,
      this._threadPane,
      this._placeholder,
      this._live,
    );
    this._sizes = new ResizeObserver(() => {
      if (this._stick) {
        this._toBottom();
      }
    });
    this._sizes.observe(this._bubbles);
    this._sizes.observe(this._threadScroll);
    this._onVisible = () => this._markRead();
  }

  start() {
    document.addEventListener("visibilitychange", this._onVisible);
  }

  stop() {
    if (this._number !== null) {
      places.set(this._place, { number: this._number, at: Date.now() });
    }
    document.removeEventListener("visibilitychange", this._onVisible);
    clearTimeout(this._previewTimer);
    clearTimeout(this._refreshTimer);
    this._unsubscribe();
  }

  get _place() {
    return JSON.stringify(this.card.config);
  }

  /** Show an account, or update the one that is shown. */
  async setAccount(account) {
    const isFirst = this._account === undefined;
    this._account = account;
    this._nameOf = new Map();
    for (const recipient of account.recipients) {
      for (const number of recipient.numbers) {
        if (!this._nameOf.has(number)) {
          this._nameOf.set(number, recipient.name);
        }
      }
    }
    this._compose.hidden = !account.may.text_others && !account.may.send.length;
    this._showChips();
    if (this._mode === "thread") {
      this._showThreadHead();
    }
    await this._subscribe();
    await this.refresh();
    const place = isFirst ? places.get(this._place) : undefined;
    if (place && Date.now() - place.at < PLACE_TTL) {
      await this._open(place.number, false);
    }
  }

  update() {
    const unread = this._hass.states[this._account?.entities.unread_messages];
    const count = isAvailable(unread) ? Number(unread.state) : 0;
    this._unread.hidden = !count;
    setText(this._unread, count ? translateCount(this.card.language, "unread", count) : "");
  }

  /** Update all texts and times after the locale has changed. */
  updateLocale() {
    for (const summary of this._summaries.values()) {
      this._showSummary(summary);
    }
    this._showMessages(true);
  }

  // --- Updates of the account ---

  async _subscribe() {
    this._unsubscribe();
    const unsubscribing = this._hass.connection.subscribeMessage(
      (change) => this._onChange(change),
      { type: "smskit/messages/subscribe", config_entry_id: this._account.config_entry_id },
      // After a reconnection, the card reloads everything and subscribes again.
      { resubscribe: false },
    );
    this._subscription = unsubscribing;
    await unsubscribing;
  }

  _unsubscribe() {
    const subscription = this._subscription;
    this._subscription = undefined;
    // Unsubscribing fails if the connection is closed, which ends the subscription too.
    subscription?.then((unsubscribe) => unsubscribe()).catch(() => {});
  }

  _onChange(change) {
    if (change.kind === "recipients") {
      this.card.reload();
      return;
    }
    if (change.kind === "changed") {
      clearTimeout(this._refreshTimer);
      this._refreshTimer = setTimeout(() => this.refresh().catch(() => {}), 200);
      return;
    }
    /** @type {Message} */
    const message = change.message;
    const isNew = change.kind === "message";
    this._updateSummary(message, isNew);
    if (message.number === this._number) {
      this._messages.set(keyOf(message), message);
      this._showMessages();
      this._markRead();
    }
    if (isNew && message.direction === "in") {
      this._announce("came_in", message);
    } else if (message.status === "failed" && message.number === this._number) {
      this._announce("not_sent", { ...message, text: this.card.reason(message) });
    }
  }

  _announce(key, message) {
    const name = this._displayName(message.number);
    setText(this._live, this.t(key, { name, text: message.text.slice(0, 200) }));
  }

  _updateSummary(message, isNew) {
    const known = this._summaries.get(message.number);
    if (known === undefined) {
      if (!isNew) {
        return;
      }
      this._total += 1;
    }
    const summary = known ?? {
      number: message.number,
      name: this._nameOf.get(message.number) ?? null,
      count: 0,
      unread: 0,
      last: message,
    };
    if (isNew) {
      summary.count += 1;
      summary.unread += message.direction === "in" && !message.read ? 1 : 0;
    }
    if (keyOf(message) === keyOf(summary.last) || message.date >= summary.last.date) {
      summary.last = message;
    }
    this._summaries.set(message.number, summary);
    this._showList();
  }

  /** Reload everything that is shown. */
  async refresh() {
    const wanted = Math.max(PAGE, this._summaries.size);
    try {
      const pages = [];
      for (let offset = 0; offset < wanted; offset += LARGEST_PAGE) {
        const limit = Math.min(LARGEST_PAGE, wanted - offset);
        pages.push(this._ask({ offset, limit }));
      }
      const answers = await Promise.all(pages);
      this._summaries.clear();
      for (const answer of answers) {
        this._addSummaries(answer);
      }
    } finally {
      this._listScroll.setAttribute("aria-busy", "false");
    }
    this._showList();
    if (this._number !== null) {
      await this._loadNewest();
    }
  }

  _ask(fields) {
    return this._hass.callWS({
      type: "smskit/messages/list",
      config_entry_id: this._account.config_entry_id,
      ...fields,
    });
  }

  _addSummaries(answer) {
    this._total = answer.total;
    for (const summary of answer.conversations) {
      this._summaries.set(summary.number, summary);
    }
  }

  async _listScrolled() {
    const { scrollTop, scrollHeight, clientHeight } = this._listScroll;
    if (
      this._loadingList ||
      this._summaries.size >= this._total ||
      scrollHeight - scrollTop - clientHeight > 400
    ) {
      return;
    }
    this._loadingList = true;
    try {
      this._addSummaries(await this._ask({ offset: this._summaries.size, limit: PAGE }));
      this._showList();
    } catch {
      // The next scroll event retries.
    } finally {
      this._loadingList = false;
    }
  }

  // --- The list ---

  _showList() {
    const ordered = [...this._summaries.values()].sort((a, b) =>
      a.last.date < b.last.date ? 1 : -1,
    );
    const focused = this.card.shadowRoot.activeElement;
    arrange(
      this._list,
      ordered.map((summary) => this._showSummary(summary).item),
    );
    for (const number of this._rows.keys()) {
      if (!this._summaries.has(number)) {
        this._rows.delete(number);
      }
    }
    if (focused?.classList.contains("row") && focused.isConnected) {
      // Moving an element removes its focus.
      focused.focus({ preventScroll: true });
    }
    this._updateTabStop();
    this._empty.replaceChildren();
    if (!ordered.length) {
      this._empty.append(icon(ICONS.message, "icon huge"), make("p", {}, this.t("no_messages")));
    }
  }

  _showSummary(summary) {
    let row = this._rows.get(summary.number);
    if (row === undefined) {
      row = this._makeRow(summary.number);
      this._rows.set(summary.number, row);
    }
    const name = this._displayName(summary.number);
    const { last } = summary;
    const date = new Date(last.date);
    setText(row.name, name);
    setText(row.time, this.card.clock.short(date));
    row.time.setAttribute("datetime", last.date);
    const start = last.text.slice(0, 200);
    setText(row.text, last.direction === "out" ? this.t("you", { text: start }) : start);
    row.badge.hidden = !summary.unread;
    setText(row.count, summary.unread ? String(summary.unread) : "");
    setText(
      row.unread,
      summary.unread ? translateCount(this.card.language, "unread", summary.unread) : "",
    );
    row.button.classList.toggle("unread", summary.unread > 0);
    if (last.direction === "out") {
      showTick(row.tick, last.status, this.t);
    }
    row.tick.hidden = last.direction === "in";
    row.button.toggleAttribute("data-failed", last.status === "failed");
    if (summary.number === this._number) {
      row.button.setAttribute("aria-current", "true");
    } else {
      row.button.removeAttribute("aria-current");
    }
    return row;
  }

  _makeRow(number) {
    const row = {
      name: make("span", { class: "name", dir: "auto" }),
      time: make("time", { class: "when" }),
      text: make("span", { class: "start", dir: "auto" }),
      tick: make("span", { class: "tick", role: "img" }),
      count: make("span", { "aria-hidden": "true" }),
      unread: make("span", { class: "hidden-text" }),
    };
    row.badge = make("span", { class: "badge" }, row.count, row.unread);
    const avatar = make("span", { class: "avatar", "aria-hidden": "true" });
    showAvatar(avatar, number, this._nameOf.get(number));
    row.button = make(
      "button",
      { type: "button", class: "row", tabindex: "-1", click: () => this._open(number) },
      avatar,
      make(
        "span",
        { class: "lines" },
        make("span", { class: "line" }, row.name, row.time),
        make("span", { class: "line" }, row.tick, row.text, row.badge),
      ),
    );
    row.item = make("li", {}, row.button);
    return row;
  }

  /** Make one row reachable by the Tab key; arrow keys move between rows. */
  _updateTabStop() {
    const buttons = [...this._list.querySelectorAll(".row")];
    const current =
      buttons.find((button) => button.hasAttribute("aria-current")) ??
      buttons.find((button) => button.tabIndex === 0) ??
      buttons[0];
    for (const button of buttons) {
      button.tabIndex = button === current ? 0 : -1;
    }
  }

  _moveInList(event) {
    const buttons = [...this._list.querySelectorAll(".row")];
    const at = buttons.indexOf(event.target.closest(".row"));
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: buttons.length - 1 }[event.key];
    if (to === undefined || buttons[to] === undefined) {
      return;
    }
    event.preventDefault();
    for (const button of buttons) {
      button.tabIndex = -1;
    }
    buttons[to].tabIndex = 0;
    buttons[to].focus();
  }

  _displayName(number) {
    return this._knownName(number) ?? shownSender(number, this.card);
  }

  _knownName(number) {
    return this._summaries.get(number)?.name ?? this._nameOf.get(number);
  }

  // --- One conversation ---

  async _open(number, withFocus = true) {
    this._setMode("thread");
    this._number = number;
    this._messages.clear();
    this._bubbles.replaceChildren();
    this._more = false;
    this._showThreadHead();
    this._takeDraft();
    this._showList();
    if (withFocus) {
      this._focusThread();
    }
    try {
      await this._loadNewest();
    } catch (error) {
      this._showError(await errorText(this._hass, error));
    }
  }

  _showThreadHead() {
    const number = this._number;
    const name = this._displayName(number);
    setText(this._name, name);
    setText(this._sub, this._knownName(number) === undefined ? "" : number);
    showAvatar(this._avatar, number, this._nameOf.get(number));
    this._avatar.hidden = false;
    this._threadPane.setAttribute("aria-label", name);
    this._text.setAttribute("aria-label", this.t("write_to", { name }));
    // A sender that is a name or a short code cannot receive replies.
    const canReply = /^\+\d+$/.test(number);
    const mayReply = canReply && this._maySendTo(number);
    this._composer.hidden = !mayReply;
    this._noReply.hidden = mayReply;
    const why = canReply ? "may_not_send" : "no_reply";
    setText(this._noReply, mayReply ? "" : this.t(why, { name }));
  }

  /** Return the recipients that the user may send to. */
  get _recipients() {
    const { may, recipients } = this._account;
    return recipients.filter((one) => may.send.includes(one.entity_id));
  }

  _maySendTo(number) {
    return (
      this._account.may.text_others ||
      this._recipients.some((one) => one.numbers.includes(number))
    );
  }

  _focusThread() {
    const narrow = getComputedStyle(this._back).display !== "none";
    // On a phone, the keyboard would cover the messages.
    const target = narrow || this._composer.hidden ? this._name : this._text;
    target.focus({ preventScroll: true });
  }

  _close() {
    places.delete(this._place);
    const number = this._number;
    this._number = null;
    this._messages.clear();
    this._bubbles.replaceChildren();
    this._setMode("list");
    this._showList();
    const row = this._rows.get(number);
    (row?.button ?? this._list.querySelector(".row"))?.focus({ preventScroll: true });
  }

  _setMode(mode) {
    this._mode = mode;
    this.root.dataset.mode = mode;
    this._newRow.hidden = mode !== "new";
    this._latest.hidden = true;
    this._held.hidden = true;
    this._stick = true;
  }

  async _loadNewest() {
    const number = this._number;
    const unread = this._summaries.get(number)?.unread ?? 0;
    const wanted = Math.max(PAGE, this._messages.size, unread);
    const answer = await this._ask({ number, limit: Math.min(LARGEST_PAGE, wanted) });
    if (number !== this._number) {
      return;
    }
    const oldest = answer.messages.at(-1)?.date ?? "";
    const older = [...this._messages.values()].filter((message) => message.date < oldest);
    if (!older.length) {
      this._more = answer.more;
    }
    this._messages.clear();
    for (const message of [...older, ...answer.messages.reverse()]) {
      this._messages.set(keyOf(message), message);
    }
    this._showMessages();
    this._markRead();
  }

  async _loadOlder() {
    const number = this._number;
    const oldest = this._ordered()[0];
    if (this._loadingOlder || !this._more || oldest === undefined) {
      return;
    }
    this._loadingOlder = true;
    try {
      const answer = await this._ask({ number, before: oldest.id, limit: PAGE });
      if (number !== this._number) {
        return;
      }
      this._more = answer.more;
      for (const message of answer.messages) {
        this._messages.set(keyOf(message), message);
      }
      this._keepPlace(() => this._showMessages());
      this._markRead();
    } catch {
      // The next scroll event retries.
    } finally {
      this._loadingOlder = false;
    }
  }

  /** Apply a change without moving the visible messages. */
  _keepPlace(change) {
    const scroll = this._threadScroll;
    const top = scroll.getBoundingClientRect().top;
    const seen = [...this._bubbles.children].find(
      (item) => item.dataset.key && item.getBoundingClientRect().bottom > top,
    );
    const before = seen?.getBoundingClientRect().top;
    change();
    if (seen !== undefined) {
      scroll.scrollTop += seen.getBoundingClientRect().top - before;
    }
  }

  _ordered() {
    return [...this._messages.values()].sort((a, b) =>
      a.date === b.date ? 0 : a.date < b.date ? -1 : 1,
    );
  }

  _showMessages(rebuild = false) {
    if (this._number === null) {
      return;
    }
    const known = new Map();
    for (const item of rebuild ? [] : this._bubbles.children) {
      known.set(item.dataset.key ?? item.dataset.day, item);
    }
    const items = [];
    let day;
    for (const message of this._ordered()) {
      const item =
        known.get(keyOf(message)) ??
        makeBubble(message, this.card.clock, (text) => this._fold(message, text));
      if (item.itsDay !== day) {
        day = item.itsDay;
        const heading = () => this.card.clock.heading(new Date(message.date));
        items.push(known.get(day) ?? makeDay(day, heading()));
      }
      showBubble(item, message, this.card.reason(message), this.t);
      items.push(item);
    }
    arrange(this._bubbles, items);
    this._showHeld();
    if (this._stick) {
      this._toBottom();
    }
  }

  /** Fold a long text; return the button that shows all of it. */
  _fold(message, text) {
    const button = make("button", { class: "unfold", type: "button" });
    const show = (isFolded) => {
      text.classList.toggle("folded", isFolded);
      button.setAttribute("aria-expanded", String(!isFolded));
      setText(button, this.t(isFolded ? "show_all" : "show_less"));
    };
    let isWhole = !message.is_cut;
    button.addEventListener("click", async () => {
      if (!isWhole) {
        button.disabled = true;
        try {
          const answer = await this._hass.callWS({
            type: "smskit/messages/text",
            config_entry_id: this._account.config_entry_id,
            message_id: message.id,
          });
          setText(text, answer.text ?? message.text);
          isWhole = true;
        } catch {
          setText(button, this.t("show_failed"));
          return;
        } finally {
          button.disabled = false;
          button.focus();
        }
      }
      this._stick = false;
      this._keepPlace(() => show(!text.classList.contains("folded")));
    });
    show(true);
    return button;
  }

  /** Offer to cancel what is held for the open conversation. */
  _showHeld() {
    const held = [...this._messages.values()].filter((message) => message.status === "held");
    const hadFocus = this.card.shadowRoot.activeElement === this._cancelButton;
    this._held.hidden = !held.length;
    this._cancelButton.hidden = !this._account.may.control;
    if (held.length) {
      setText(this._heldText, translateCount(this.card.language, "holding", held.length));
    } else if (hadFocus) {
      this._focusThread();
    }
  }

  async _cancelHeld() {
    if (this._canceling || this.card.preview) {
      return;
    }
    // The button stays enabled: it would lose the focus.
    this._canceling = true;
    this._showError("");
    try {
      await this._act("cancel_held_messages", { numbers: [this._number] });
    } catch (error) {
      this._showError(await errorText(this._hass, error));
    } finally {
      this._canceling = false;
    }
  }

  _toBottom(byHand = false) {
    this._threadScroll.scrollTop = this._threadScroll.scrollHeight;
    if (byHand) {
      this._threadScroll.focus({ preventScroll: true });
    }
  }

  _threadScrolled() {
    const { scrollTop, scrollHeight, clientHeight } = this._threadScroll;
    const below = scrollHeight - scrollTop - clientHeight;
    this._stick = below < 40;
    this._latest.hidden = below < 300;
    if (scrollTop < 300) {
      this._loadOlder();
    }
  }

  /** Mark the visible conversation as read. */
  async _markRead() {
    if (
      this._number === null ||
      this.card.preview ||
      !this._account.may.control ||
      !this.card.isConnected ||
      document.visibilityState !== "visible"
    ) {
      return;
    }
    const unread = [...this._messages.values()].filter(
      (message) => message.direction === "in" && message.read === false,
    );
    if (!unread.length) {
      return;
    }
    for (const message of unread) {
      message.read = true;
    }
    const summary = this._summaries.get(this._number);
    if (summary) {
      summary.unread = Math.max(0, summary.unread - unread.length);
      this._showSummary(summary);
    }
    try {
      await this._act("mark_messages_read", { message_ids: unread.map((message) => message.id) });
    } catch (error) {
      for (const message of unread) {
        message.read = false;
      }
      this._showError(await errorText(this._hass, error));
    }
  }

  async _act(action, data) {
    const account = this._account.config_entry_id;
    const answer = await this._hass.callService(
      "smskit",
      action,
      { config_entry_id: account, ...data },
      undefined,
      // The card shows errors in place, so Home Assistant must not show them too.
      false,
      true,
    );
    return answer.response;
  }

  // --- A new conversation ---

  _openNew() {
    this._number = null;
    this._chosen = null;
    this._messages.clear();
    this._bubbles.replaceChildren();
    this._setMode("new");
    setText(this._name, this.t("new_message"));
    setText(this._sub, "");
    this._avatar.hidden = true;
    this._threadPane.setAttribute("aria-label", this.t("new_message"));
    this._text.setAttribute("aria-label", this.t("write"));
    this._composer.hidden = false;
    this._noReply.hidden = true;
    this._to.value = "";
    this._showChips();
    this._showList();
    this._takeDraft();
    this._to.focus();
  }

  _showChips() {
    this._chips.replaceChildren(
      ...this._recipients.map((recipient) =>
        make(
          "button",
          {
            type: "button",
            class: "chip",
            dir: "auto",
            "aria-pressed": String(recipient.entity_id === this._chosen?.entity_id),
            click: () => this._choose(recipient),
          },
          recipient.name,
        ),
      ),
    );
  }

  _choose(recipient) {
    if (recipient.numbers.length === 1) {
      this._open(recipient.numbers[0]);
      return;
    }
    this._chosen = recipient;
    this._to.value = recipient.name;
    this._showChips();
    this._text.focus();
    this._onInput();
  }

  _toChanged() {
    const typed = this._to.value.trim().toLowerCase();
    const found = this._recipients.find((one) => one.name.toLowerCase() === typed);
    this._chosen = found ?? null;
    this._showChips();
    this._onInput();
  }

  /** Return the action data for the target: a recipient by entity, others by number. */
  _target() {
    if (this._mode === "new") {
      const to = this._to.value.trim();
      if (this._chosen) {
        return asTarget(this._chosen);
      }
      return to && this._account.may.text_others ? { numbers: [to] } : null;
    }
    const own = this._recipients.find(
      (one) => one.numbers.length === 1 && one.numbers[0] === this._number,
    );
    return own ? asTarget(own) : { numbers: [this._number] };
  }

  // --- The composer ---

  get _draftKey() {
    return `${this._account.config_entry_id} ${this._number ?? "new"}`;
  }

  _takeDraft() {
    this._text.value = drafts.get(this._draftKey) ?? "";
    this._showError("");
    this._onInput();
  }

  _onInput() {
    const text = this._text.value;
    if (text) {
      drafts.set(this._draftKey, text);
    } else {
      drafts.delete(this._draftKey);
    }
    this._text.style.height = "auto";
    this._text.style.height = `${Math.min(this._text.scrollHeight, 140)}px`;
    this._enable();
    clearTimeout(this._previewTimer);
    if (!text.trim() || !this._target()) {
      this._meter.replaceChildren();
      return;
    }
    this._previewTimer = setTimeout(() => this._preview(text), PREVIEW_DELAY);
  }

  _enable() {
    const ready = this._text.value.trim() && this._target() && !this._sending;
    // Unlike `disabled`, `aria-disabled` keeps the focus and is announced.
    this._sendButton.setAttribute("aria-disabled", String(!ready));
    this._text.readOnly = Boolean(this._sending);
    this._composer.toggleAttribute("data-busy", Boolean(this._sending));
  }

  async _preview(text) {
    const key = this._draftKey;
    let answer;
    try {
      answer = await this._act("preview_message", { ...this._target(), message: text });
    } catch (error) {
      const reason = await errorText(this._hass, error);
      if (key === this._draftKey && text === this._text.value) {
        this._meter.replaceChildren(make("span", { class: "warn", dir: "auto" }, reason));
      }
      return;
    }
    if (key !== this._draftKey || text !== this._text.value) {
      return;
    }
    const { language } = this.card;
    const facts = [
      this.t(answer.encoding),
      translateCount(language, "segments", answer.segments),
    ];
    const ready = answer.recipients.filter((one) => one.status === "ready");
    const price = ready.reduce((sum, one) => sum + one.segments, 0);
    // A segment costs one credit; the price in a currency is unknown.
    if (this._account.unit === "credits" && price) {
      facts.push(translateCount(language, "credits", price));
    }
    const parts = [make("span", {}, facts.join(" · "))];
    const stopped = answer.recipients.find((one) => one.status !== "ready");
    if (answer.blocked_by) {
      parts.push(warning(this.t(`blocked_${answer.blocked_by}`)));
    } else if (stopped?.reason) {
      parts.push(warning(this.card.reason(stopped)));
    }
    this._meter.replaceChildren(...parts);
  }

  _key(event) {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      this._send();
    }
  }

  async _send() {
    const text = this._text.value;
    const target = this._target();
    if (!text.trim() || !target || this._sending || this.card.preview) {
      return;
    }
    const key = this._draftKey;
    this._sending = true;
    this._showError("");
    this._enable();
    setText(this._live, this.t("sending"));
    let answer;
    let reason = "";
    try {
      answer = await this._act("send_message", { ...target, message: text });
    } catch (error) {
      reason = await errorText(this._hass, error);
    }
    this._sending = false;
    this._enable();
    if (answer === undefined) {
      // Keep the text in the composer.
      if (key === this._draftKey) {
        this._meter.replaceChildren();
        this._showError(reason);
      }
      return;
    }
    drafts.delete(key);
    if (key !== this._draftKey) {
      return;
    }
    this._text.value = "";
    this._stick = true;
    this._onInput();
    if (this._mode === "new") {
      this._open(answer.recipients[0].number);
    } else {
      this._toBottom();
    }
  }

  _showError(text) {
    setText(this._error, text);
  }
}

/** Set the children of an element; those already in place are not touched. */
function arrange(parent, items) {
  let at = parent.firstChild;
  for (const item of items) {
    if (item === at) {
      at = at.nextSibling;
    } else {
      parent.insertBefore(item, at);
    }
  }
  while (at !== null) {
    const next = at.nextSibling;
    at.remove();
    at = next;
  }
}

function keyOf(message) {
  return `${message.direction} ${message.id}`;
}

function asTarget(recipient) {
  return recipient.entity_id
    ? { recipients: [recipient.entity_id] }
    : { numbers: recipient.numbers };
}

function warning(text) {
  return make("span", { class: "warn", dir: "auto" }, text);
}

/**
 * Return what to show of a sender that is no recipient.
 *
 * Anybody may send as "Anna". What is no number is therefore put in quotation marks, without
 * what is invisible, turns the direction of writing, or would end the quotation.
 */
function shownSender(sender, card) {
  if (isNumber(sender)) {
    return sender;
  }
  const name = sender
    .replace(/[\p{C}\p{Zl}\p{Zp}]/gu, "")
    .replace(/["“”„‟«»‹›]/gu, "'")
    .trim();
  return card.t("quoted", { name });
}

/** Return whether a sender is a number or a short code. */
function isNumber(sender) {
  return /^\+?[0-9]+$/.test(sender);
}

/**
 * Show an avatar with a color by number and the first letter of the name.
 *
 * A sender that is no number has no color of its own.
 */
function showAvatar(element, number, name) {
  let hash = 0;
  for (const character of number) {
    hash = (hash * 31 + character.codePointAt(0)) % 997;
  }
  element.dataset.color = isNumber(number) ? String(hash % 6) : "none";
  const letter = name ? [...name.trim()][0] : undefined;
  element.replaceChildren(letter ? letter.toLocaleUpperCase() : icon(ICONS.account));
}

function showTick(element, status, t) {
  if (element.dataset.status === status) {
    return;
  }
  element.dataset.status = status;
  element.setAttribute("aria-label", t(status));
  element.setAttribute("title", t(status));
  element.replaceChildren(icon(TICKS[status] ?? TICKS.unknown));
}

function makeDay(day, text) {
  const item = make("li", { class: "day" }, make("span", {}, text));
  item.dataset.day = day;
  return item;
}

/** Return whether a text is too long to stand in a list as a whole. */
function isLong(message) {
  const lines = message.text.split("\n", FOLDED_LINES + 1).length;
  return message.is_cut || message.text.length > FOLDED_LENGTH || lines > FOLDED_LINES;
}

function makeBubble(message, clock, fold) {
  const date = new Date(message.date);
  const text = make("p", { class: "text", dir: "auto" }, message.text);
  const item = make(
    "li",
    { class: `message ${message.direction}` },
    make(
      "div",
      { class: "bubble" },
      text,
      ...(isLong(message) ? [fold(text)] : []),
      make(
        "div",
        { class: "meta" },
        make("time", { datetime: message.date, title: clock.full(date) }, clock.time(date)),
      ),
    ),
  );
  if (message.direction === "out") {
    item.querySelector(".meta").append(make("span", { class: "tick", role: "img" }));
  }
  item.dataset.key = keyOf(message);
  item.itsDay = clock.day(date);
  return item;
}

function showBubble(item, message, why, t) {
  const shown = `${message.status} ${why}`;
  if (item.shown === shown) {
    return;
  }
  item.shown = shown;
  const tick = item.querySelector(".tick");
  if (tick === null) {
    return;
  }
  showTick(tick, message.status, t);
  const bad = ["failed", "expired", "unknown"].includes(message.status);
  item.toggleAttribute("data-bad", bad);
  let reason = item.querySelector(".reason");
  if (bad && reason === null) {
    reason = make("p", { class: "reason", dir: "auto" });
    item.append(reason);
  } else if (!bad) {
    reason?.remove();
  }
  if (bad) {
    const failed = message.status === "failed" && why;
    setText(reason, failed ? t("failed_because", { why }) : why || t(message.status));
  }
}

// --- Compact ------------------------------------------------------------------------

/** View of the balance with its trend, the unread count and the last message. */
class CompactView {
  constructor(card) {
    this.card = card;
    this._build();
  }

  _build() {
    const t = (key) => this.card.t(key);
    const more = (key) => () => {
      const entities = this._account?.entities ?? {};
      const entityId = key === "balance" ? balanceOf(this._account) : entities[key];
      if (entityId) {
        fire(this.card, "hass-more-info", { entityId });
      }
    };
    this._value = make("span", { class: "value", dir: "auto" });
    this._spent = make("span", { class: "secondary", dir: "auto" });
    this._low = make(
      "span",
      { class: "low", hidden: true },
      icon(ICONS.alert),
      make("span", {}, t("low_balance")),
    );
    this._trend = make("span", { class: "trend" });
    this._unread = make("span", { class: "badge" });
    this._from = make("span", { class: "name", dir: "auto" });
    this._text = make("span", { class: "start", dir: "auto" });
    this._when = make("time", { class: "when" });
    this._balanceIcon = make("span", { class: "avatar shape" }, icon(ICONS.wallet));
    this.root = make(
      "div",
      { class: "compact" },
      make(
        "button",
        { type: "button", class: "balance", click: more("balance") },
        this._balanceIcon,
        make(
          "span",
          { class: "lines" },
          make("span", { class: "label" }, t("balance")),
          this._value,
          make("span", { class: "under" }, this._low, this._spent),
        ),
        this._trend,
      ),
      make(
        "button",
        { type: "button", class: "row", click: more("last_message") },
        make("span", { class: "avatar shape mail" }, icon(ICONS.email)),
        make(
          "span",
          { class: "lines" },
          make("span", { class: "line" }, this._from, this._when),
          make("span", { class: "line" }, this._text, this._unread),
        ),
      ),
    );
  }

  start() {
    this._timer = setInterval(() => this.refresh(), 600000);
  }

  stop() {
    clearInterval(this._timer);
    clearTimeout(this._soon);
  }

  async setAccount(account) {
    this._account = account;
    this.update();
    await this.refresh();
  }

  updateLocale() {
    this.update();
  }

  update() {
    const account = this._account;
    if (!account) {
      return;
    }
    const { hass } = this.card;
    const balance = hass.states[balanceOf(account)];
    setText(
      this._value,
      isAvailable(balance) ? hass.formatEntityState(balance) : this.card.t("unavailable"),
    );
    if (balance?.state !== this._shownBalance) {
      this._shownBalance = balance?.state;
      clearTimeout(this._soon);
      // The recorder writes the new state with a delay.
      this._soon = setTimeout(() => this.refresh(), 3000);
      this._drawTrend();
    }
    const low = hass.states[account.entities.low_balance]?.state === "on";
    this._low.hidden = !low;
    this.root.toggleAttribute("data-low", low);
    const unread = hass.states[account.entities.unread_messages];
    const count = isAvailable(unread) ? Number(unread.state) : 0;
    this._unread.hidden = !count;
    setText(this._unread, count ? translateCount(this.card.language, "unread", count) : "");
    const last = hass.states[account.entities.last_message];
    if (isAvailable(last)) {
      const { from, text } = last.attributes;
      const known = account.recipients.find((one) => one.numbers.includes(from));
      setText(this._from, known?.name ?? shownSender(String(from ?? ""), this.card));
      setText(this._text, String(text ?? "").slice(0, 200));
      setText(this._when, this.card.clock.short(new Date(last.state)));
      this._when.setAttribute("datetime", last.state);
    } else {
      setText(this._from, this.card.t("last_message"));
      setText(this._text, this.card.t("no_messages"));
      setText(this._when, "");
    }
  }

  /** Load the trend from the recorder; without a recorder there is none. */
  async refresh() {
    const entity = this._account && balanceOf(this._account);
    if (!entity || !this.card.isConnected) {
      return;
    }
    const { hass } = this.card;
    const week = new Date(Date.now() - 7 * DAY);
    try {
      const [statistics, today] = await Promise.all([
        hass.callWS({
          type: "recorder/statistics_during_period",
          start_time: week.toISOString(),
          statistic_ids: [entity],
          period: "hour",
          types: ["mean", "state"],
        }),
        this._history(entity, this.card.clock.startOfToday()),
      ]);
      let points = (statistics[entity] ?? []).map((one) => [one.start, one.mean ?? one.state]);
      // There are no statistics for the first hours.
      points = points.length > 2 ? points : await this._history(entity, week);
      this._points = points.filter(([, value]) => Number.isFinite(value));
      this._showSpent(today.filter(([, value]) => Number.isFinite(value)));
    } catch {
      this._points = [];
    }
    this._drawTrend();
  }

  async _history(entity, since) {
    const answer = await this.card.hass.callWS({
      type: "history/history_during_period",
      start_time: since.toISOString(),
      entity_ids: [entity],
      minimal_response: true,
      no_attributes: true,
      significant_changes_only: false,
    });
    return (answer[entity] ?? []).map((one) => [(one.lu ?? one.lc) * 1000, parseFloat(one.s)]);
  }

  /** Show the sum of all decreases of the balance, regardless of top-ups. */
  _showSpent(points) {
    let spent = 0;
    for (let index = 1; index < points.length; index += 1) {
      spent += Math.max(0, points[index - 1][1] - points[index][1]);
    }
    const { hass, language } = this.card;
    const { unit } = this._account;
    const amount =
      unit === "credits"
        ? translateCount(language, "credits", Math.round(spent * 100) / 100)
        : new Intl.NumberFormat(hass.locale?.language, { style: "currency", currency: unit }).format(
            spent,
          );
    setText(this._spent, spent ? this.card.t("spent_today", { amount }) : "");
  }

  _drawTrend() {
    const state = this.card.hass.states[this._account && balanceOf(this._account)];
    const points = [...(this._points ?? [])];
    if (isAvailable(state)) {
      points.push([Date.now(), Number(state.state)]);
    }
    this._trend.replaceChildren();
    if (points.length < 3) {
      return;
    }
    const values = points.map(([, value]) => value);
    const low = Math.min(...values);
    const span = Math.max(...values) - low;
    const start = points[0][0];
    const length = points.at(-1)[0] - start || 1;
    const place = ([time, value]) => {
      const x = ((time - start) / length) * 100;
      const y = span ? 36 - ((value - low) / span) * 32 : 20;
      return [x.toFixed(2), y.toFixed(2)];
    };
    // The balance changes in steps, so the line has steps instead of slopes.
    const line = points
      .map(place)
      .map(([x, y], index) => (index ? `H${x}V${y}` : `M${x},${y}`))
      .join("");
    const shown = (value) => new Intl.NumberFormat(this.card.language).format(value);
    const picture = svg("svg", {
      viewBox: "0 0 100 40",
      preserveAspectRatio: "none",
      role: "img",
      "aria-label": this.card.t("trend", { from: shown(values[0]), to: shown(values.at(-1)) }),
    });
    picture.append(
      svg("path", { class: "fill", d: `${line}L100,40L0,40Z` }),
      svg("path", { class: "line", d: line }),
    );
    this._trend.append(picture);
  }
}

// --- Pairing ------------------------------------------------------------------------

/** View of a channel's QR code with instructions, and of the successful pairing. */
class PairingView {
  constructor(card) {
    this.card = card;
    const t = (key) => card.t(key);
    this._title = make("h2", { class: "title", dir: "auto" });
    this._picture = make("img", { class: "qr", alt: "" });
    this._button = make(
      "button",
      { type: "button", class: "action", click: () => this._refreshCode() },
      icon(ICONS.refresh),
      make("span", {}, t("refresh_qr")),
    );
    this._error = make("p", { class: "error", role: "alert", dir: "auto" });
    this._todo = make(
      "div",
      { class: "todo" },
      make("div", { class: "frame" }, this._picture),
      make(
        "div",
        { class: "how" },
        make(
          "ol",
          { class: "steps" },
          ...["step_1", "step_2", "step_3"].map((key) => make("li", {}, t(key))),
        ),
        this._button,
        this._error,
      ),
    );
    this._doneText = make("p", { class: "title", dir: "auto" });
    this._done = make(
      "div",
      { class: "done", hidden: true },
      icon(ICONS.check_circle, "icon success"),
      this._doneText,
      make("p", { class: "secondary" }, t("connected_hint")),
    );
    this._nothing = make("p", { class: "notice", hidden: true });
    this._live = make("div", { class: "hidden-text", role: "status", "aria-live": "polite" });
    this.root = make(
      "div",
      { class: "pairing" },
      this._title,
      this._todo,
      this._done,
      this._nothing,
      this._live,
    );
  }

  start() {}

  stop() {}

  async setAccount(account) {
    this._account = account;
    this.update();
  }

  updateLocale() {
    this.update();
  }

  /** Return the configured channel, or stay with one that was not connected. */
  _choose() {
    const { channels } = this._account;
    const wanted = this.card.config.device_id ?? this._device;
    const { states } = this.card.hass;
    const channel =
      channels.find((one) => one.device_id === wanted) ??
      (this.card.config.device_id
        ? undefined
        : (channels.find((one) => states[one.entities.connected]?.state !== "on") ??
          channels[0]));
    this._device = channel?.device_id;
    return channel;
  }

  update() {
    if (!this._account) {
      return;
    }
    const mayPair = this._account.may.administer;
    const channel = mayPair ? this._choose() : undefined;
    this._channel = channel;
    setText(this._nothing, this.card.t(mayPair ? "no_channel" : "may_not_pair"));
    this._title.hidden = this._todo.hidden = channel === undefined;
    this._nothing.hidden = channel !== undefined;
    if (channel === undefined) {
      this._done.hidden = true;
      return;
    }
    const { hass } = this.card;
    const { name } = channel;
    const connected = hass.states[channel.entities.connected]?.state === "on";
    setText(this._title, this.card.t("pair", { name }));
    this._title.hidden = this._todo.hidden = connected;
    this._done.hidden = !connected;
    const success = this.card.t("connected", { name });
    setText(this._doneText, success);
    setText(this._live, connected && this._waited ? success : "");
    this._waited = this._waited || !connected;
    this._picture.alt = this.card.t("qr", { name });
    const image = connected ? undefined : hass.states[channel.entities.pairing_qr];
    // The state is the picture's timestamp, so only a new picture is fetched.
    const wanted =
      image &&
      `/api/image_proxy/${image.entity_id}?state=${encodeURIComponent(image.state)}`;
    if (wanted !== this._wanted) {
      this._wanted = wanted;
      this._showPicture(wanted);
    }
  }

  /** Show a picture in the name of the user: the token in its state shows no code. */
  async _showPicture(path) {
    let signed;
    try {
      signed = path && (await this.card.hass.callWS({ type: "auth/sign_path", path }));
    } catch {
      // The next update tries again.
      this._wanted = this._wanted === path ? undefined : this._wanted;
    }
    if (path !== this._wanted) {
      return;
    }
    if (signed) {
      this._picture.src = this.card.hass.hassUrl(signed.path);
    } else {
      this._picture.removeAttribute("src");
    }
  }

  async _refreshCode() {
    setText(this._error, "");
    this._button.setAttribute("aria-disabled", "true");
    try {
      await this.card.hass.callService(
        "button",
        "press",
        { entity_id: this._channel.entities.refresh_qr },
        undefined,
        false,
      );
    } catch (error) {
      setText(this._error, await errorText(this.card.hass, error));
    } finally {
      this._button.removeAttribute("aria-disabled");
    }
  }
}

// --- The card -----------------------------------------------------------------------

const STYLE = `
:host { display: block; height: 100%; }
[hidden] { display: none !important; }
* { box-sizing: border-box; }
ha-card {
  height: 100%; overflow: hidden; display: flex; flex-direction: column;
  color: var(--primary-text-color);
  --accent: var(--primary-color);
  --quiet: var(--secondary-text-color);
  --line: var(--divider-color);
  --soft: color-mix(in srgb, var(--primary-text-color) 7%, var(--card-background-color, transparent));
  --tint: color-mix(in srgb, var(--accent) 14%, var(--card-background-color, transparent));
  --strong: color-mix(in srgb, var(--accent) 68%, black);
  --bad: color-mix(in srgb, var(--error-color) 72%, var(--primary-text-color));
}
button, input, textarea { font: inherit; color: inherit; }
button { background: none; border: 0; margin: 0; cursor: pointer; text-align: start; }
button[aria-disabled="true"] { cursor: default; }
p, h2, ul, ol { margin: 0; padding: 0; }
ul, ol { list-style: none; }
:focus { outline: none; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: -2px; }
.icon { width: 24px; height: 24px; fill: currentcolor; display: block; flex: none; }
.huge { width: 40px; height: 40px; opacity: 0.5; }
svg.flip:dir(rtl), .flip:dir(rtl) > svg { transform: scaleX(-1); }
.secondary { color: var(--quiet); }
.grow { flex: 1; }
.hidden-text {
  position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%);
  white-space: nowrap;
}
.notice {
  padding: 24px 16px; text-align: center; color: var(--quiet); margin: auto;
}
.title {
  font-size: var(--ha-font-size-l, 16px); font-weight: var(--ha-font-weight-medium, 500);
  line-height: 1.3; overflow: hidden; text-overflow: ellipsis; white-space: nowrap;
}
.icon-button {
  display: inline-flex; align-items: center; justify-content: center; flex: none;
  width: 44px; height: 44px; border-radius: 50%; color: var(--primary-text-color); padding: 0;
}
@media (hover: hover) {
  .icon-button:not([aria-disabled="true"]):hover { background: var(--secondary-background-color); }
  .row:hover, .balance:hover { background: color-mix(in srgb, currentcolor 4%, transparent); }
}
.badge {
  flex: none; border-radius: 10px; padding: 0 7px; min-width: 20px; height: 20px;
  line-height: 20px; text-align: center; font-size: var(--ha-font-size-s, 12px);
  font-weight: 500; background: var(--strong); color: white;
}
.avatar {
  --own: var(--blue-color, var(--accent));
  flex: none; width: 40px; height: 40px; border-radius: 50%; display: grid;
  place-items: center; font-weight: 500; font-size: var(--ha-font-size-l, 16px);
  background: color-mix(in srgb, var(--own) 22%, transparent);
}
.avatar .icon { opacity: 0.7; }
.avatar[data-color="1"] { --own: var(--teal-color, var(--accent)); }
.avatar[data-color="2"] { --own: var(--purple-color, var(--accent)); }
.avatar[data-color="3"] { --own: var(--amber-color, var(--accent)); }
.avatar[data-color="4"] { --own: var(--green-color, var(--accent)); }
.avatar[data-color="5"] { --own: var(--pink-color, var(--accent)); }
.avatar[data-color="none"] { --own: var(--secondary-text-color, currentcolor); }

.chat { container-type: inline-size; flex: 1; min-height: 320px; position: relative; }
:host(:not([data-layout="grid"])) .chat { min-height: min(560px, 80vh); }
:host([data-layout="panel"]) .chat { min-height: calc(100vh - var(--header-height, 56px) - 24px); }
.pane { position: absolute; inset: 0; display: flex; flex-direction: column; }
.chat[data-mode="list"] .thread-pane, .chat:not([data-mode="list"]) .list-pane,
.placeholder { display: none; }
.placeholder, .empty {
  align-items: center; justify-content: center; gap: 12px; color: var(--quiet);
}
.empty:not(:empty) { display: flex; flex-direction: column; padding: 48px 16px; }
.bar {
  display: flex; align-items: center; gap: 12px; flex: none; min-height: 56px;
  padding: 4px 8px 4px 16px; padding-inline: 16px 8px;
  border-block-end: 1px solid var(--line);
}
.thread-pane .bar { padding-inline-start: 4px; gap: 8px; }
.names { min-width: 0; flex: 1; display: grid; justify-items: start; padding-inline-start: 4px; }
.names > * { max-width: 100%; }
.names .secondary { font-size: var(--ha-font-size-s, 12px); }
.names .secondary:empty { display: none; }
.number { text-align: start; }
.area { flex: 1; position: relative; min-height: 0; }
.scroll { position: absolute; inset: 0; overflow-y: auto; overscroll-behavior: contain; }

.row {
  display: flex; align-items: center; gap: 12px; width: 100%; min-height: 64px;
  padding: 8px 16px; content-visibility: auto; contain-intrinsic-size: auto 64px;
}
.row[aria-current] { background: var(--tint); }
.lines { display: grid; gap: 2px; flex: 1; min-width: 0; }
.line { display: flex; align-items: center; gap: 8px; min-width: 0; }
.name, .start {
  flex: 1; min-width: 0; overflow: hidden; text-overflow: ellipsis; white-space: nowrap;
  text-align: match-parent;
}
.name { font-weight: var(--ha-font-weight-medium, 500); }
.start { color: var(--quiet); font-size: var(--ha-font-size-m, 14px); }
.when { flex: none; color: var(--quiet); font-size: var(--ha-font-size-s, 12px); }
.unread .start, .unread .name { color: var(--primary-text-color); }
.unread .name { font-weight: 700; }
.row .tick { margin-inline-end: -4px; }
.row[aria-current] .start, .row[aria-current] .when { color: var(--primary-text-color); }

.thread { display: flex; flex-direction: column; }
.bubbles { margin-block-start: auto; padding: 8px 12px 12px; flex: none; }
.day { text-align: center; padding: 12px 0 4px; }
.day span {
  font-size: var(--ha-font-size-s, 12px); color: var(--quiet); padding: 2px 10px;
}
.message {
  display: flex; flex-direction: column; align-items: flex-start; margin-block-start: 4px;
  content-visibility: auto; contain-intrinsic-size: auto 56px;
}
.message.out { align-items: flex-end; }
.bubble {
  max-width: 84%; padding: 8px 12px 6px; border-radius: 16px;
  background: var(--soft);
}
.in .bubble { border-end-start-radius: 4px; }
.out .bubble { border-end-end-radius: 4px; background: var(--tint); }
[data-bad] .bubble { background: color-mix(in srgb, var(--error-color) 12%, transparent); }
.text { white-space: pre-wrap; overflow-wrap: anywhere; line-height: 1.4; }
.text.folded {
  display: -webkit-box; -webkit-box-orient: vertical; -webkit-line-clamp: 12; overflow: hidden;
}
.unfold {
  padding: 4px 0; border: 0; background: none; color: var(--accent); font: inherit;
  font-weight: 500; cursor: pointer;
}
.meta {
  display: flex; justify-content: flex-end; align-items: center; gap: 4px; margin-top: 2px;
  font-size: 11px; line-height: 16px;
  color: color-mix(in srgb, var(--primary-text-color) 74%, transparent);
}
.tick { flex: none; color: var(--quiet); }
.tick .icon { width: 16px; height: 16px; }
.meta .tick { color: inherit; }
.tick[data-status="sent"] { color: var(--accent); }
.tick[data-status="failed"], .tick[data-status="expired"], .tick[data-status="unknown"],
.reason, .error, .warn { color: var(--bad); }
.reason { font-size: var(--ha-font-size-s, 12px); padding: 2px 4px 4px; max-width: 84%; overflow-wrap: anywhere; }
.latest {
  position: absolute; inset-block-end: 12px; inset-inline-end: 16px;
  background: var(--card-background-color); border: 1px solid var(--line);
  box-shadow: 0 2px 6px rgb(0 0 0 / 0.2);
}

.composer { flex: none; padding: 8px 12px; border-block-start: 1px solid var(--line); }
.write { display: flex; align-items: flex-end; gap: 8px; }
.field {
  flex: 1; min-width: 0; min-height: 44px; padding: 10px 16px; border-radius: 22px;
  border: 1px solid transparent; background: var(--soft); resize: none;
  line-height: 22px; overflow-y: auto; text-align: start;
}
.field::placeholder { color: var(--quiet); opacity: 1; }
.field:focus-visible { outline-offset: -1px; }
.send { background: var(--strong); color: white; }
.send[aria-disabled="true"] { background: var(--soft); color: var(--quiet); }
.send:not([aria-disabled="true"]):hover { background: color-mix(in srgb, var(--strong) 85%, black); }
[data-busy] .send .icon { animation: pulse 1s ease-in-out infinite alternate; }
@keyframes pulse { to { opacity: 0.3; } }
@media (prefers-reduced-motion: reduce) { [data-busy] .send .icon { animation: none; } }
.meter {
  display: flex; flex-wrap: wrap; gap: 2px 12px; padding: 4px 16px 0;
  min-height: 22px; font-size: var(--ha-font-size-s, 12px); color: var(--quiet);
}
.error { font-size: var(--ha-font-size-m, 14px); overflow-wrap: anywhere; }
.composer .error:not(:empty) { padding: 0 4px 8px; }
.no-reply { padding: 16px; text-align: center; border-block-start: 1px solid var(--line); }
.held {
  display: flex; align-items: center; gap: 8px; padding: 4px 12px 4px 16px;
  border-block-start: 1px solid var(--line);
}
.to {
  display: flex; flex-wrap: wrap; align-items: center; gap: 8px 12px; padding: 12px 16px;
  border-block-end: 1px solid var(--line);
}
.chips { display: flex; flex-wrap: wrap; gap: 8px; flex-basis: 100%; }
.chips:empty { display: none; }
.chip {
  min-height: 36px; padding: 0 14px; border-radius: 18px; border: 1px solid var(--line);
  max-width: 100%; overflow: hidden; text-overflow: ellipsis;
}
.chip[aria-pressed="true"] { background: var(--tint); border-color: var(--accent); }

@container (min-width: 620px) {
  .list-pane { inset-inline-end: auto; width: clamp(240px, 36%, 360px); }
  .chat:not([data-mode="list"]) .list-pane { display: flex; }
  .thread-pane, .placeholder {
    inset-inline-start: clamp(240px, 36%, 360px); border-inline-start: 1px solid var(--line);
  }
  .chat[data-mode="list"] .placeholder { display: flex; }
  .back { display: none; }
  .thread-pane .bar { padding-inline-start: 16px; }
  .message .bubble { max-width: min(75%, 480px); }
}

.compact { display: flex; flex-direction: column; height: 100%; justify-content: space-between; }
.balance {
  display: flex; align-items: center; gap: 12px; padding: 12px 16px; width: 100%;
  min-height: 88px; flex: 1;
}
.balance .lines { flex: 0 1 auto; gap: 0; }
.balance .label { color: var(--quiet); font-size: var(--ha-font-size-s, 12px); }
.value {
  font-size: var(--ha-font-size-xl, 20px); font-weight: var(--ha-font-weight-medium, 500);
  line-height: 1.3;
}
.under { display: flex; flex-wrap: wrap; gap: 0 8px; font-size: var(--ha-font-size-s, 12px); }
.under:empty { display: none; }
.low { display: inline-flex; align-items: center; gap: 4px; color: var(--bad); font-weight: 500; }
.low .icon { width: 16px; height: 16px; }
.avatar.shape .icon { opacity: 1; color: var(--own); }
.avatar.mail { --own: var(--amber-color, var(--accent)); }
[data-low] .balance .avatar { --own: var(--error-color); }
.trend { flex: 1; min-width: 0; align-self: stretch; display: flex; }
.trend svg { width: 100%; height: 100%; min-height: 40px; max-height: 80px; margin: auto; }
.trend .line { fill: none; stroke: var(--accent); stroke-width: 2; vector-effect: non-scaling-stroke; stroke-linejoin: round; display: inline; }
.trend .fill { fill: var(--accent); opacity: 0.12; }
[data-low] .trend .line { stroke: var(--error-color); }
[data-low] .trend .fill { fill: var(--error-color); }
.compact .row { border-block-start: 1px solid var(--line); }

.pairing {
  container-type: inline-size; padding: 16px; display: flex; flex-direction: column; gap: 16px;
  height: 100%;
}
.todo { display: flex; flex-direction: column; align-items: center; gap: 16px; }
.frame {
  background: white; border-radius: 12px; padding: 8px; width: min(100%, 260px);
  aspect-ratio: 1; flex: none; border: 1px solid var(--line);
}
.qr { width: 100%; height: 100%; object-fit: contain; display: block; image-rendering: auto; }
.qr:not([src]) { visibility: hidden; }
.how { display: flex; flex-direction: column; gap: 16px; align-self: stretch; }
.steps { counter-reset: step; display: grid; gap: 12px; }
.steps li { counter-increment: step; display: flex; gap: 12px; align-items: center; }
.steps li::before {
  content: counter(step); flex: none; width: 28px; height: 28px; border-radius: 50%;
  display: grid; place-items: center; background: var(--tint); font-weight: 500;
}
@container (min-width: 460px) {
  .todo { flex-direction: row; align-items: center; gap: 24px; }
  .how { flex: 1; }
}
.action {
  display: inline-flex; align-items: center; gap: 8px; min-height: 44px; padding: 0 20px 0 14px;
  padding-inline: 14px 20px; border-radius: 22px; align-self: flex-start; font-weight: 500;
  background: var(--tint);
}
.action .icon { width: 20px; height: 20px; }
.done {
  display: flex; flex-direction: column; align-items: center; gap: 4px; margin: auto;
  padding: 24px 0; text-align: center;
}
.success { width: 72px; height: 72px; color: var(--success-color); margin-bottom: 8px; }
.done .title { white-space: normal; }
`;

/** Create the class of the card, after Home Assistant has started; see below. */
function makeCardClass() {
  return class extends HTMLElement {
    constructor() {
      super();
      this.attachShadow({ mode: "open" });
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(STYLE);
      this.shadowRoot.adoptedStyleSheets = [sheet];
      this._shell = document.createElement("ha-card");
      this.shadowRoot.append(this._shell);
      this._generation = 0;
      this._misses = 0;
      this._onReady = () => this._load(true);
    }

    /** @param {CardConfig} config */
    setConfig(config) {
      const view = config?.view ?? VIEWS[0];
      if (!VIEWS.includes(view)) {
        throw new Error(`view: ${VIEWS.join(", ")}`);
      }
      for (const key of ["config_entry_id", "device_id"]) {
        if (config[key] != null && typeof config[key] !== "string") {
          throw new Error(`${key}: not a text`);
        }
      }
      this._stop();
      this._view = undefined;
      this._account = undefined;
      this.config = config;
      this.dataset.view = view;
      this._shell.replaceChildren();
      this._start();
    }

    get hass() {
      return this._hass;
    }

    set hass(hass) {
      const before = this._hass;
      this._hass = hass;
      if (before?.locale !== hass.locale || before?.language !== hass.language || !this.clock) {
        this.clock = new Clock(hass);
        this._view?.updateLocale();
        this._loadReasons();
      }
      if (!this._running) {
        this._start();
        return;
      }
      if (before.connection !== hass.connection) {
        this._stop();
        this._start();
        return;
      }
      if (before.entities !== hass.entities || before.devices !== hass.devices) {
        // Recipients or channels may have changed.
        this._loadSoon(500);
      }
      const unreadEntity = this._account?.entities.unread_messages;
      if (
        unreadEntity &&
        isAvailable(hass.states[unreadEntity]) &&
        !isAvailable(before.states[unreadEntity])
      ) {
        this._loadSoon(0);
      }
      this._view?.update();
    }

    /** Load the texts of reasons in the user's language, if Home Assistant has another. */
    async _loadReasons() {
      const { hass } = this;
      const { language } = hass;
      this._localize = undefined;
      if (language === hass.config?.language) {
        return;
      }
      try {
        const localize = await hass.loadBackendTranslation("common", "smskit");
        if (language === this.hass.language) {
          this._localize = localize;
          this._view?.updateLocale();
        }
      } catch {
        // The texts of Home Assistant's language remain.
      }
    }

    /** Return why a message has its status, in the user's language if possible. */
    reason(message) {
      return reasonText(message, this._localize);
    }

    /** Set by Home Assistant: where the card is, such as in a section or a panel. */
    set layout(layout) {
      this.dataset.layout = layout ?? "";
    }

    get language() {
      return this._hass?.locale?.language ?? this._hass?.language ?? "en";
    }

    t(key, values) {
      return translate(this.language, key, values);
    }

    connectedCallback() {
      this._start();
    }

    disconnectedCallback() {
      this._stop();
    }

    _start() {
      if (this._running || !this.isConnected || !this._hass || !this.config) {
        return;
      }
      this._running = true;
      this._connection = this._hass.connection;
      this._connection.addEventListener("ready", this._onReady);
      this._view?.start();
      this._load(false);
    }

    _stop() {
      this._generation += 1;
      clearTimeout(this._timer);
      if (!this._running) {
        return;
      }
      this._running = false;
      this._connection.removeEventListener("ready", this._onReady);
      this._view?.stop();
    }

    /** Fetch the account anew: something of it changed. */
    reload() {
      this._loadSoon(200);
    }

    _loadSoon(delay) {
      clearTimeout(this._timer);
      this._timer = setTimeout(() => this._load(true), delay);
    }

    async _load(fresh) {
      const generation = ++this._generation;
      const isOld = () => generation !== this._generation || !this._running;
      let accounts = [];
      try {
        accounts = await fetchAccounts(this._hass, fresh);
      } catch {
        // The integration may not be set up yet, or is starting.
      }
      if (isOld()) {
        return;
      }
      const wanted = this.config.config_entry_id;
      const account = wanted
        ? accounts.find((one) => one.config_entry_id === wanted)
        : accounts[0];
      if (account === undefined) {
        this._misses += 1;
        // Keep the view while the account is being reloaded.
        if (this._view === undefined || this._misses > MAX_MISSES) {
          this._account = undefined;
          this._view?.stop();
          this._view = undefined;
          this._notice(this.t(wanted ? "lost_account" : "no_account"));
        }
        this._loadSoon(RETRY_DELAY);
        return;
      }
      this._misses = 0;
      this._account = account;
      if (this._view === undefined) {
        const kinds = {
          conversations: ConversationsView,
          compact: CompactView,
          pairing: PairingView,
        };
        this._view = new kinds[this.config.view ?? VIEWS[0]](this);
        this._view.start();
        this._shell.replaceChildren(this._view.root);
      }
      try {
        await this._view.setAccount(account);
        this._view?.update();
      } catch {
        if (!isOld()) {
          this._loadSoon(RETRY_DELAY);
        }
      }
    }

    _notice(text) {
      this._shell.replaceChildren(make("p", { class: "notice", role: "status" }, text));
    }

    getCardSize() {
      return { compact: 3, pairing: 6 }[this.config?.view] ?? 9;
    }

    getGridOptions() {
      if (this.config?.view === "compact") {
        return { columns: 12, rows: 3, min_columns: 6, min_rows: 3 };
      }
      if (this.config?.view === "pairing") {
        return { columns: 12, rows: "auto", min_columns: 6 };
      }
      return { columns: 12, rows: 9, min_columns: 6, min_rows: 6 };
    }

    static getStubConfig() {
      return { view: "conversations" };
    }

    static getConfigForm() {
      const t = (key) => translate(pageLanguage(), key);
      return {
        schema: [
          {
            name: "view",
            selector: {
              select: {
                mode: "dropdown",
                options: VIEWS.map((value) => ({ value, label: t(`card_${value}`) })),
              },
            },
          },
          { name: "config_entry_id", selector: { config_entry: { integration: "smskit" } } },
          {
            name: "device_id",
            selector: {
              device: {
                filter: [{ integration: "smskit" }],
                entity: [{ domain: "image", integration: "smskit" }],
              },
            },
          },
        ],
        computeLabel: (field) => t(`field_${field.name}`),
        computeHelper: (field) =>
          field.name === "view" ? undefined : t(`help_${field.name}`),
        assertConfig: (config) => {
          if (config.view !== undefined && !VIEWS.includes(config.view)) {
            throw new Error(`view: ${VIEWS.join(", ")}`);
          }
        },
      };
    }
  };
}

/** Return card suggestions for an entity of this integration, the best one first. */
function suggest(hass, entityId) {
  const entity = hass.entities?.[entityId];
  if (entity?.platform !== "smskit") {
    return null;
  }
  const device = hass.devices?.[entity.device_id];
  const account = device?.primary_config_entry ?? device?.config_entries?.[0];
  const suggestion = (view, more = {}) => ({
    label: translate(hass.language, `card_${view}`),
    config: {
      type: `custom:${CARD}`,
      view,
      ...(account ? { config_entry_id: account } : {}),
      ...more,
    },
  });
  // Only channel devices have a parent device, which is the account's.
  if (device?.via_device_id) {
    return suggestion("pairing", { device_id: entity.device_id });
  }
  const key = entity.translation_key ?? "";
  return key.includes("balance")
    ? [suggestion("compact"), suggestion("conversations")]
    : [suggestion("conversations"), suggestion("compact")];
}

// --- Strategies ---------------------------------------------------------------------

function tile(entity, name, more = {}) {
  return { type: "tile", entity, name, ...more };
}

function heading(text, symbol) {
  return { type: "heading", heading: text, icon: symbol };
}

/** Return the generated dashboard sections of an account. */
function sectionsOf(account, language) {
  const t = (key) => translate(language, key);
  const own = { type: `custom:${CARD}`, config_entry_id: account.config_entry_id };
  const full = { grid_options: { columns: "full" } };
  const { entities } = account;
  const counts = [
    ["messages_sent", "mdi:check-all", "green"],
    ["messages_failed", "mdi:alert-circle-outline", "red"],
    ["messages_pending", "mdi:timer-sand", "amber"],
  ]
    .filter(([key]) => entities[key])
    .map(([key, symbol, color]) =>
      tile(entities[key], t(key), {
        icon: symbol,
        color,
        vertical: true,
        grid_options: { columns: 4, rows: 2 },
      }),
    );
  const recipients = account.recipients
    .filter((recipient) => recipient.entity_id)
    .map((recipient) =>
      tile(recipient.entity_id, recipient.name, {
        icon: recipient.numbers.length > 1 ? "mdi:account-group" : "mdi:account",
        color: "blue",
      }),
    );
  const channels = account.channels.flatMap((channel) => {
    const { connected } = channel.entities;
    const shown = connected
      ? [tile(connected, channel.name, { icon: "mdi:whatsapp", color: "green", ...full })]
      : [];
    if (!account.may.administer) {
      return shown;
    }
    const pairing = { ...own, view: "pairing", device_id: channel.device_id, ...full };
    const visibility = [{ condition: "state", entity: connected, state_not: "on" }];
    return [...shown, connected ? { ...pairing, visibility } : pairing];
  });
  const side = [
    heading(t("account"), "mdi:wallet-outline"),
    { ...own, view: "compact", ...full },
    ...counts,
  ];
  if (recipients.length) {
    side.push(heading(t("recipients"), "mdi:account-multiple"), ...recipients);
  }
  if (channels.length) {
    side.push(heading(t("channels"), "mdi:whatsapp"), ...channels);
  }
  const inbox = { ...own, view: "conversations", grid_options: { columns: "full", rows: 11 } };
  return [
    { type: "grid", cards: [inbox] },
    { type: "grid", cards: side },
  ];
}

function makeViewStrategy() {
  return class extends HTMLElement {
    static async generate(config, hass) {
      const accounts = await fetchAccounts(hass).catch(() => []);
      const language = hass.locale?.language ?? hass.language;
      const wanted = config.config_entry_id;
      const account = wanted
        ? accounts.find((one) => one.config_entry_id === wanted)
        : accounts[0];
      if (account === undefined) {
        const content = translate(language, wanted ? "lost_account" : "no_account");
        return { type: "sections", sections: [{ type: "grid", cards: [{ type: "markdown", content }] }] };
      }
      return { type: "sections", max_columns: 2, sections: sectionsOf(account, language) };
    }
  };
}

function makeDashboardStrategy() {
  return class extends HTMLElement {
    static async generate(config, hass) {
      const accounts = await fetchAccounts(hass).catch(() => []);
      const wanted = config.config_entry_id;
      const shown = wanted ? accounts.filter((one) => one.config_entry_id === wanted) : accounts;
      const views = shown.map((account) => ({
        title: account.title,
        path: account.config_entry_id.toLowerCase(),
        icon: "mdi:message-text",
        strategy: { type: `custom:${STRATEGY}`, config_entry_id: account.config_entry_id },
      }));
      const empty = { title: "SMSKit", strategy: { type: `custom:${STRATEGY}`, ...config } };
      return { views: views.length ? views : [empty] };
    }
  };
}

// --- Registration -------------------------------------------------------------------

/** Define an element once: a page open during an update may load the module twice. */
function define(name, makeClass) {
  if (!customElements.get(name)) {
    customElements.define(name, makeClass());
  }
}

function registerOnce(list, entry, isSame) {
  window[list] = window[list] || [];
  if (!window[list].some(isSame)) {
    window[list].push(entry);
  }
}

/**
 * Home Assistant replaces the custom element registry and HTMLElement while it starts.
 * A class that was created or registered before that would be lost.
 */
customElements.whenDefined("home-assistant").then(() => {
  define(CARD, makeCardClass);
  define(`ll-strategy-view-${STRATEGY}`, makeViewStrategy);
  define(`ll-strategy-dashboard-${STRATEGY}`, makeDashboardStrategy);
});
registerOnce(
  "customCards",
  {
    type: CARD,
    name: "SMSKit",
    get description() {
      return translate(pageLanguage(), "card_description");
    },
    preview: true,
    getEntitySuggestion: suggest,
  },
  (one) => one.type === CARD,
);
for (const strategyType of ["dashboard", "view"]) {
  registerOnce(
    "customStrategies",
    {
      type: STRATEGY,
      strategyType,
      name: "SMSKit",
      get description() {
        return translate(pageLanguage(), "strategy_description");
      },
    },
    (one) => one.type === STRATEGY && one.strategyType === strategyType,
  );
}
