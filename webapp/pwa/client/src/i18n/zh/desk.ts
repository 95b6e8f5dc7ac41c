export default {
  "desk.title": "管理台",
} as const;
