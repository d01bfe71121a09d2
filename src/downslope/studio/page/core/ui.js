/** What the page is built with: components as functions, templates without a build step, signals as state. */

import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "../vendor/hooks.mjs";
import htm from "../vendor/htm.mjs";
import { Fragment, h, render } from "../vendor/preact.mjs";
import { batch, computed, effect, signal, useComputed, useSignal } from "../vendor/signals.mjs";

const html = htm.bind(h);

/**
 * A component whose module is loaded when it is first shown: the first screen needs no request for it.
 * @param {() => Promise<Function>} load
 * @param {any} [waiting] what is shown until it is there
 */
function lazy(load, waiting = null) {
  const component = signal(null);
  let asked = false;
  return (props) => {
    if (!asked) {
      asked = true;
      load().then((loaded) => {
        component.value = loaded;
      });
    }
    return component.value ? html`<${component.value} ...${props} />` : waiting;
  };
}

export {
  batch,
  computed,
  effect,
  Fragment,
  html,
  lazy,
  render,
  signal,
  useComputed,
  useEffect,
  useLayoutEffect,
  useMemo,
  useRef,
  useSignal,
  useState,
};
