export default {
  "phone.title": "巡检",
} as const;
