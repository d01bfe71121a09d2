/** What the page is built with: components as functions, templates without a build step, signals as state. */

import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "../vendor/hooks.mjs";
import htm from "../vendor/htm.mjs";
import { Fragment, h, render } from "../vendor/preact.mjs";
import { batch, computed, effect, signal, useComputed, useSignal } from "../vendor/signals.mjs";

const html = htm.bind(h);

export {
  batch,
  computed,
  effect,
  Fragment,
  html,
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
