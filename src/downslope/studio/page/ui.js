/** What the page is built with: components as functions, templates without a build step, signals as its state. */
import { Fragment, h, render } from "./vendor/preact.mjs";
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "./vendor/hooks.mjs";
import { batch, computed, effect, signal, useComputed, useSignal } from "./vendor/signals.mjs";
import htm from "./vendor/htm.mjs";

const html = htm.bind(h);

export {
  Fragment, batch, computed, effect, html, render, signal, useComputed, useEffect, useLayoutEffect, useMemo, useRef,
  useSignal, useState,
};
