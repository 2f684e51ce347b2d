// Numbers and times as text, always with their units.

const LOCALE = "en-GB";
const whole = new Intl.NumberFormat(LOCALE, { maximumFractionDigits: 0 });
const short = new Intl.NumberFormat(LOCALE, { notation: "compact", maximumFractionDigits: 1 });
const clock = new Intl.DateTimeFormat(LOCALE, { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const minute = new Intl.DateTimeFormat(LOCALE, { hour: "2-digit", minute: "2-digit" });
const utcMinute = new Intl.DateTimeFormat(LOCALE, { hour: "2-digit", minute: "2-digit", timeZone: "UTC" });
const dayMonth = new Intl.DateTimeFormat(LOCALE, { day: "numeric", month: "short", timeZone: "UTC" });
const moment = new Intl.DateTimeFormat(LOCALE, {
  day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit", timeZone: "UTC",
});
const date = new Intl.DateTimeFormat(LOCALE, { day: "numeric", month: "short", year: "numeric", timeZone: "UTC" });
const weekday = new Intl.DateTimeFormat(LOCALE, { weekday: "short", day: "numeric", month: "short", year: "numeric", timeZone: "UTC" });

export const DAY_MS = 86_400_000;

export const count = (number) => whole.format(number);
export const compact = (number) => (Math.abs(number) >= 10 && Math.abs(number) < 10_000 ? whole.format(number) : short.format(number));
export const plural = (number, word) => `${count(number)} ${word}${number === 1 ? "" : "s"}`;

/** [number, unit] of events a second. */
export function rate(perSecond) {
  const shown = perSecond > 0 && perSecond < 9.95 ? perSecond.toFixed(1) : count(perSecond);
  return [shown, "events/s"];
}

/** [number, unit] of a time in seconds. */
export function span(seconds) {
  if (seconds === null || seconds === undefined) return ["–", ""];
  if (seconds < 0.9995) return [String(Math.round(seconds * 1000)), "ms"];
  if (seconds < 90) return [seconds.toFixed(seconds < 10 ? 1 : 0), "s"];
  return [(seconds / 60).toFixed(0), "min"];
}

export const spanText = (seconds) => span(seconds).join(" ").trim();
export const minuteOf = (ms) => minute.format(ms);
export const utcMinuteOf = (ms) => utcMinute.format(ms);
export const dayMonthOf = (ms) => dayMonth.format(ms);
export const timeOf = (ms) => clock.format(ms);
export const momentOf = (ms) => (ms === null ? "never" : `${moment.format(ms)} UTC`);
export const dateOf = (ms) => date.format(ms);
export const dayText = (text) => date.format(Date.parse(text));
export const weekdayText = (text) => weekday.format(Date.parse(text));
export const isoDay = (ms) => new Date(ms).toISOString().slice(0, 10);

/** Minor units of a currency, as money. */
export function money(minor, currency) {
  try {
    const style = new Intl.NumberFormat(LOCALE, { style: "currency", currency, currencyDisplay: "code" });
    return style.format(minor / 10 ** style.resolvedOptions().maximumFractionDigits);
  } catch {
    return `${count(minor)} minor units of ${currency}`;
  }
}

export const host = (url) => url.replace(/^https?:\/\//, "");
