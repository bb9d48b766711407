/** Pictures of one line, which say nothing that no word beside them says. */

const PATHS = {
  add: "M12 5v14M5 12h14",
  app: "M4 8l8-4 8 4v8l-8 4-8-4zM4 8l8 4 8-4M12 12v8",
  back: "M15 5l-7 7 7 7",
  check: "M5 12.5l4.5 4.5L19 7.5",
  clock: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM12 7v5l3.5 2",
  close: "M6 6l12 12M18 6L6 18",
  copy: "M9 9h10v11H9zM5 15V4h10",
  cross: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM9 9l6 6M15 9l-6 6",
  diff: "M7 4v10a3 3 0 0 0 3 3h7M14 14l3 3-3 3M17 20V10a3 3 0 0 0-3-3H7M10 10L7 7l3-3",
  down: "M6 9l6 6 6-6",
  edit: "M4 20l1-4L16.5 4.5l3 3L8 19zM14.5 6.5l3 3",
  external: "M14 4h6v6M20 4l-9 9M18 14v6H4V6h6",
  file: "M6 3h8l4 4v14H6zM14 3v4h4",
  filter: "M4 5h16l-6 7.5V19l-4 1.5v-8z",
  grid: "M4 4h7v7H4zM13 4h7v7h-7zM4 13h7v7H4zM13 13h7v7h-7z",
  key: "M15 12a4 4 0 1 1-1.2-2.8zM15 12h6M18 12v3",
  link: "M9.5 14.5l5-5M11 7l2-2a4.2 4.2 0 0 1 6 6l-2 2M13 17l-2 2a4.2 4.2 0 0 1-6-6l2-2",
  list: "M8 6h12M8 12h12M8 18h12M4 6h.01M4 12h.01M4 18h.01",
  log: "M5 4h14v16H5zM8.5 8.5h7M8.5 12h7M8.5 15.5h4",
  menu: "M4 6h16M4 12h16M4 18h16",
  more: "M5 12h.01M12 12h.01M19 12h.01",
  news: "M12 3v3M12 18v3M3 12h3M18 12h3M12 8.5l1 2.5 2.5 1-2.5 1-1 2.5-1-2.5-2.5-1 2.5-1z",
  out: "M14 4h5v16h-5M4 12h11M11 8l4 4-4 4",
  pause: "M9 5v14M15 5v14",
  person: "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM4.5 20c1-4 4-5.5 7.5-5.5s6.5 1.5 7.5 5.5",
  play: "M8 5l11 7-11 7z",
  right: "M5 12h14M13 6l6 6-6 6",
  repo:
    "M4 6c0-1.5 3.5-2.5 8-2.5s8 1 8 2.5-3.5 2.5-8 2.5S4 7.5 4 6zM4 6v12c0 1.5 3.5 2.5 8 2.5s8-1 8-2.5V6M4 12c0 1.5 3.5 2.5 8 2.5s8-1 8-2.5",
  search: "M11 18a7 7 0 1 0 0-14 7 7 0 0 0 0 14zM16 16l4.5 4.5",
  shield: "M12 3l7 3v5c0 5-3 8-7 10-4-2-7-5-7-10V6z",
  sync: "M20 11a8 8 0 0 0-14-4.5L4 8.5M4 4v4.5h4.5M4 13a8 8 0 0 0 14 4.5l2-2M20 20v-4.5h-4.5",
  tag: "M4 4h8l8 8-8 8-8-8zM8 8h.01",
  trash: "M5 7h14M10 4h4M7 7l1 13h8l1-13M10.5 11v5.5M13.5 11v5.5",
  up: "M6 15l6-6 6 6",
  warning: "M12 4l9 16H3zM12 10v4.5M12 17.2v.01",
  webhook:
    "M9 8.5a3.2 3.2 0 1 1 4.5 2.9L10.5 17M12.5 8.5l3 5.5a3.2 3.2 0 1 1-2 4.5M9 12.5a3.2 3.2 0 1 0 2.5 5H17",
} as const;

export type IconName = keyof typeof PATHS;

/** A picture beside words. */
export function Icon({ of, spins = false }: { of: IconName; spins?: boolean }) {
  return (
    <svg class={spins ? "icon spins" : "icon"} viewBox="0 0 24 24" aria-hidden="true">
      <path d={PATHS[of]} />
    </svg>
  );
}

/** The mark of Chartroom: a compass rose over the waves. */
export function Mark() {
  return (
    <svg class="mark" viewBox="0 0 32 32" aria-hidden="true">
      <circle cx="16" cy="16" r="14.5" />
      <path class="needle" d="M16 4l3.8 12H12.2z" />
      <path class="tail" d="M16 28l-3.8-12h7.6z" />
      <path class="ticks" d="M3.5 16h3M25.5 16h3" />
    </svg>
  );
}
