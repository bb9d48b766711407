export const en = {
  title: "apps",
};

export const zh: typeof en = {
  title: "apps",
};
