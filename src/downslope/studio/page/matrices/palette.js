/** The colours of levels as the theme has them. */
import { useEffect, useState } from "../core/ui.js";
import { palette } from "./raster.js";

/**
 * The colours of the theme, again whenever it changes.
 * @returns {Uint32Array}
 */
export function usePalette() {
  const [colours, setColours] = useState(() => palette());
  useEffect(() => {
    const renew = () => setColours(palette());
    const dark = matchMedia("(prefers-color-scheme: dark)");
    const chosen = new MutationObserver(renew);
    dark.addEventListener("change", renew);
    chosen.observe(document.documentElement, { attributeFilter: ["data-theme"] });
    return () => {
      dark.removeEventListener("change", renew);
      chosen.disconnect();
    };
  }, []);
  return colours;
}
