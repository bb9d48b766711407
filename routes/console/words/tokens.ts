export const en = {
  title: "tokens",
};

export const zh: typeof en = {
  title: "tokens",
};
