/** What the browser keeps for the page. In a frame of another site it may refuse to: then nothing is kept. */

/**
 * @param {"localStorage" | "sessionStorage"} where
 * @param {string} key
 * @returns {string | null}
 */
export function kept(where, key) {
  try {
    return window[where].getItem(key);
  } catch {
    return null;
  }
}

/**
 * @param {"localStorage" | "sessionStorage"} where
 * @param {string} key
 * @param {string} value
 */
export function keep(where, key, value) {
  try {
    window[where].setItem(key, value);
  } catch {
    // the page works without
  }
}
