export const en = {
  title: "app",
};

export const zh: typeof en = {
  title: "app",
};
