/** What a report waits for: on the phone's home, at the desk, and in notices. */
export default {
  "blocker.todo": "待检项",
  "blocker.revisits": "待再次到访",
  "blocker.unsent": "手机上未上传",
  "blocker.photos_missing": "照片未到",
  "blocker.photos_returned": "照片已退回待补",
  "blocker.answers_returned": "读数已退回待答",
  "blocker.self_checks": "待自检的会议室",
  "blocker.peer_checks": "待互检的会议室",
  "blocker.pairs": "重复检查待裁定",
  "blocker.photos_unreviewed": "照片未审",
  "blocker.answers_to_look_at": "已答复待复看",
  "blocker.quarantine": "待处理记录",
  "blocker.acceptance": "本月巡检待终验",
  "blocker.report": "月度报告待出具",
};
