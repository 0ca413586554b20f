/*
 * Colours of mails. Dark mode is told to clients in a style sheet; those that ignore it darken the light colours by themselves.
 */

export const LIGHT = { page: "#f3f3f0", card: "#ffffff", ink: "#1f1f1f", quiet: "#5a5a5a", rule: "#dcdcd8" };
export const DARK = {
  page: "#121212",
  card: "#1e1e1e",
  ink: "#ececea",
  quiet: "#b4b4b0",
  rule: "#3c3c3a",
  link: "#9cc7f5",
};

/** What WCAG 2.2 AA asks of text of normal size. */
const READABLE = 4.5;

/** The newsroom's colour for text on white, or that of all text where it is too pale to be read there. */
export function inkOf(color: string): string {
  return contrast(color, LIGHT.card) >= READABLE ? color : LIGHT.ink;
}

/** Black or white, whichever is read better on that colour: always one of them is readable. */
export function textOn(color: string): string {
  return contrast("#ffffff", color) >= contrast("#000000", color) ? "#ffffff" : "#000000";
}

/** The contrast of two colours (#rrggbb) by WCAG 2.2, from 1 to 21. */
function contrast(one: string, other: string): number {
  const [dark = 0, light = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}

function luminance(color: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5]
    .map((at) => Number.parseInt(color.slice(at, at + 2), 16) / 255)
    .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
