/** The token that opens the session: from the address, from this tab's past, or from another tab. */
import { keep, kept } from "./kept.js";

const KEY = "downslope token";
const ASK = "ask";
const WAITING = 250; // milliseconds for another tab to answer

let token = fromAddress() || kept("sessionStorage", KEY) || "";
let opens = false; // whether the session has taken it

/** Pages of this server hear each other, and nobody else does. */
const others = new BroadcastChannel("downslope");
const heard = [];

others.onmessage = ({ data }) => {
  if (data === ASK) {
    if (opens) others.postMessage({ token });
    return;
  }
  heard.splice(0).forEach((resolve) => resolve(data.token));
};

/** It stays out of the address bar, and so out of what is copied from there. */
function fromAddress() {
  const given = new URLSearchParams(location.search).get("token");
  if (given) {
    keep("sessionStorage", KEY, given);
    history.replaceState(null, "", location.pathname + location.hash);
  }
  return given;
}

/** @returns {string} */
export const currentToken = () => token;

/** Whether the session has taken the token. @param {boolean} taken */
export function tokenOpens(taken) {
  opens = taken;
}

/** Ask the other tabs of this server for a token that opens it. */
export async function askForToken() {
  const answer = await new Promise((resolve) => {
    heard.push(resolve);
    others.postMessage(ASK);
    setTimeout(() => resolve(null), WAITING);
  });
  if (!answer) return;
  token = answer;
  keep("sessionStorage", KEY, token);
}
