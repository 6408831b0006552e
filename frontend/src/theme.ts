// Colours live in the style sheet; the canvases read them from there.

export interface Palette {
  ink: string;
  soft: string;
  faint: string;
  grid: string;
  paper: string;
  land: string;
  water: string;
  coast: string;
  border: string;
  actual: string;
  plan: string;
  band: string;
  limit: string;
  modules: string[];
}

export function palette(): Palette {
  const style = getComputedStyle(document.documentElement);
  const of = (name: string): string => style.getPropertyValue(`--${name}`).trim();
  return {
    ink: of("ink"),
    soft: of("soft"),
    faint: of("faint"),
    grid: of("grid"),
    paper: of("paper"),
    land: of("land"),
    water: of("water"),
    coast: of("coast"),
    border: of("border"),
    actual: of("actual"),
    plan: of("plan"),
    band: of("band"),
    limit: of("limit"),
    modules: [of("module-a"), of("module-b")],
  };
}

export const FONT = 'system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif';

export type Theme = "light" | "dark";

/** The theme asked for in the address, else that of the system. */
export function startTheme(): void {
  const asked = new URLSearchParams(location.hash.slice(1)).get("theme");
  const dark = asked ? asked === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  setTheme(dark ? "dark" : "light");
}

export function setTheme(theme: Theme): void {
  document.documentElement.dataset.theme = theme;
}

export function currentTheme(): Theme {
  return document.documentElement.dataset.theme === "dark" ? "dark" : "light";
}
