"""Words that tools/make-samples.py draws from. All of them were chosen or written for the samples."""

# Common surnames, commonest first, with their usual romanisation.
SURNAMES = (
    "王wang 李li 张zhang 刘liu 陈chen 杨yang 黄huang 赵zhao 周zhou 吴wu 徐xu 孙sun 马ma 朱zhu 胡hu 郭guo 何he 林lin 高gao "
    "罗luo 郑zheng 梁liang 谢xie 宋song 唐tang 许xu 邓deng 冯feng 韩han 曹cao 曾zeng 彭peng 萧xiao 蔡cai 潘pan 田tian "
    "董dong 袁yuan 于yu 余yu 叶ye 蒋jiang 杜du 苏su 魏wei 程cheng 吕lyu 丁ding 沈shen 任ren 姚yao 卢lu 傅fu 钟zhong "
    "姜jiang 崔cui 谭tan 廖liao 范fan 汪wang 陆lu 金jin 石shi 戴dai 贾jia 韦wei 夏xia 邱qiu 方fang 侯hou 邹zou 熊xiong "
    "孟meng 秦qin 白bai 江jiang 阎yan 薛xue 尹yin 段duan 雷lei 黎li 史shi 龙long 陶tao 贺he 顾gu 毛mao 郝hao 龚gong "
    "邵shao 万wan 覃qin 武wu 钱qian 严yan 莫mo 孔kong 向xiang 汤tang"
)
COMPOUND_SURNAMES = "欧阳ouyang 司马sima 上官shangguan 诸葛zhuge 司徒situ 皇甫huangfu 夏侯xiahou 慕容murong"

# Characters of given names: those usual for men, for women, for both.
GIVEN_MALE = (
    "伟wei 强qiang 军jun 磊lei 勇yong 杰jie 涛tao 超chao 刚gang 峰feng 鹏peng 斌bin 辉hui 浩hao 龙long 凯kai 宇yu 博bo "
    "旭xu 毅yi 飞fei 亮liang 健jian 波bo 彬bin 豪hao 轩xuan 泽ze 铭ming 航hang 昊hao 坤kun 振zhen 志zhi 国guo 建jian "
    "海hai 东dong 松song 维wei 诚cheng 翔xiang 瑞rui 恒heng 威wei 岩yan 钧jun 骏jun 柏bo 胜sheng"
)
GIVEN_FEMALE = (
    "芳fang 娜na 敏min 静jing 丽li 艳yan 娟juan 霞xia 燕yan 玲ling 婷ting 雪xue 慧hui 莉li 琳lin 倩qian 颖ying 洁jie "
    "梅mei 萍ping 红hong 丹dan 蕾lei 薇wei 琴qin 莹ying 璐lu 瑶yao 媛yuan 怡yi 妍yan 菲fei 淑shu 秀xiu 岚lan 蓉rong "
    "珊shan 茜qian 佳jia 晴qing 露lu 珍zhen 云yun 桂gui 兰lan 凤feng 欣xin 悦yue 涵han 钰yu"
)
GIVEN_BOTH = (
    "文wen 明ming 华hua 平ping 晓xiao 春chun 林lin 宁ning 安an 乐le 晨chen 阳yang 一yi 子zi 思si 清qing 雨yu 嘉jia "
    "永yong 新xin 青qing 星xing 书shu 远yuan 如ru 言yan 心xin 可ke 景jing 知zhi 和he 若ruo 语yu 之zhi 然ran 祥xiang"
)
# Given names whose character lies outside the Basic Multilingual Plane: four bytes in UTF-8, two units in UTF-16.
GIVEN_BEYOND_BMP = "𬭚chun 𫘧lu 𬍛li 𬭎hong 𬭬hui 𬴂fei"
# Whole names with a middle dot.
DOTTED_NAMES = {
    "男": [("阿迪力·吐尔逊", "Adil Tursun"), ("艾山·依明", "Hasan Imin"), ("木拉提·哈孜", "Murat Hazi"),
          ("玉素甫·卡德尔", "Yusup Kadir"), ("赛力克·木合塔尔", "Serik Muhtar")],
    "女": [("古丽娜尔·买买提", "Gulnar Memet"), ("阿依努尔·玉素甫", "Aynur Yusup"), ("巴哈尔·阿布都拉", "Bahar Abdulla"),
          ("迪丽拜尔·艾合买提", "Dilber Ehmet"), ("阿丽娅·努尔兰", "Aliya Nurlan")],
}

ROADS = (
    "人民路 中山路 解放路 建设路 和平路 新华路 文化路 光明路 友谊路 长江路 黄河路 滨河路 环城东路 环城北路 世纪大道 学府路 "
    "体育路 健康路 青年路 朝阳路 东风路 府前街 西大街 南大街 站前路 创业路 高新路 民生路 复兴路 长安街 平安路 泰山路 华山路 "
    "珠江路 湖滨路 翠竹路 莲花路 梧桐路 银杏路 樱花路 桂花街 香樟路 星海路 凤凰路 文昌路 书院路"
).split()
ESTATES = (
    "阳光花园 锦绣家园 金色年华 幸福里 翠湖苑 碧水湾 丽景苑 山水名城 书香苑 滨江花园 江南水岸 紫荆园 玫瑰园 桂花苑 梧桐苑 "
    "枫林小区 春江苑 湖畔人家 御景园 中央公园 学府花园 教师新村 铁路小区 工人新村 育才小区 建设小区 康乐新村 凤凰城 听雨轩 望山居"
).split()
# Fixed-line area codes of some large cities; numbers there have eight digits.
AREA_CODES = {
    "北京市": "010", "上海市": "021", "天津市": "022", "重庆市": "023", "广州市": "020", "南京市": "025", "武汉市": "027",
    "成都市": "028", "西安市": "029", "沈阳市": "024", "深圳市": "0755", "杭州市": "0571", "苏州市": "0512", "青岛市": "0532",
    "长沙市": "0731", "郑州市": "0371", "宁波市": "0574", "厦门市": "0592", "大连市": "0411", "济南市": "0531",
}
# First two digits of postal codes by province code, and how many customers live there.
PROVINCES = {
    "11": ("10", 22), "12": ("30", 14), "13": ("05", 60), "14": ("03", 35), "15": ("01", 24), "21": ("11", 42),
    "22": ("13", 24), "23": ("15", 32), "31": ("20", 30), "32": ("21", 85), "33": ("31", 70), "34": ("23", 60),
    "35": ("35", 42), "36": ("33", 45), "37": ("25", 100), "41": ("45", 98), "42": ("43", 58), "43": ("41", 66),
    "44": ("51", 130), "45": ("53", 50), "46": ("57", 10), "50": ("40", 32), "51": ("61", 84), "52": ("55", 38),
    "53": ("65", 47), "54": ("85", 4), "61": ("71", 40), "62": ("73", 25), "63": ("81", 6), "64": ("75", 7), "65": ("83", 26),
}
LARGE_BANKS = {"ICBC": 18, "CCB": 16, "ABC": 16, "BOC": 11, "PSBC": 10, "CMB": 7, "COMM": 6, "CITIC": 3, "SPDB": 3, "CEB": 2}

INTERESTS = {
    "zh": "书籍 平板 手机 水果 家电 衣服 计算机 旅游 健身 母婴 宠物 美妆 汽车 理财 摄影 园艺".split(),
    "en": "Home Garden Kitchen Toys Books Travel Fitness Pets Beauty Electronics Gifts Stationery Music Cycling".split(),
}

# What a customer says: category -> (good, bad), each a list of (title, sentence). A comment joins an opening, one sentence,
# sometimes a second of the same tone, and a closing.
OPENINGS = ["", "", "", "第二次在这里购买了。", "朋友推荐来的。", "等了几天才来写评价。", "替家里老人买的。", "活动的时候下的单。",
            "用了两个星期，说说感受。", "公司采购，一次买了不少。", "搬新家用的。", "比较了好几家才决定的。"]
CLOSINGS_GOOD = ["", "", "以后还会再来。", "推荐给大家。", "给个五星。", "祝生意兴隆！", "希望一直保持。", "家里人都很满意。", "值得回购。"]
CLOSINGS_BAD = ["", "", "希望尽快改进。", "短期内不会再买了。", "请给个说法。", "有点失望。", "麻烦负责人看一下。", "期待你们的回复。"]
FEEDBACK_ZH = {
    "客服": (
        [("客服很耐心", "客服一步一步教我操作，讲得很清楚。"), ("解决得快", "打电话进去不到三分钟就解决了。"),
         ("态度好", "值班的小姑娘说话温和，没有一点不耐烦。"), ("主动回访", "第二天还主动打来问问题处理好没有。"),
         ("夜里也有人", "晚上十点多还有人在线回复，挺意外的。")],
        [("电话打不通", "热线打了四次，每次都让我等，最后自动挂断。"), ("答非所问", "机器人来回就那几句话，转人工要等很久。"),
         ("互相推诿", "客服让我找门店，门店又让我找客服。"), ("没有回音", "说好两天内答复，一个星期了没有消息。")]),
    "物流": (
        [("到得真快", "昨天下午下单，今天中午就收到了。"), ("送货上门", "快递员把箱子搬到了六楼，辛苦了。"),
         ("时间准", "预约的时间段很准，没有让我白等。"), ("路上可查", "每到一站都有提醒，心里有数。")],
        [("等太久", "显示已发货，可物流三天没有更新。"), ("送错地方", "包裹放到了隔壁小区的驿站，自己跑了一趟才找到。"),
         ("箱子压坏", "外箱被压扁，里面的东西也碰了角。"), ("没打招呼", "没有打电话就直接写了签收。")]),
    "质量": (
        [("做工扎实", "拿在手里很有分量，接缝处理得也仔细。"), ("颜色正", "颜色和图片上一样，没有色差。"),
         ("好用", "天天都在用，没有出过毛病。"), ("细节好", "边角打磨得光滑，给孩子用也放心。"),
         ("没有异味", "打开没有味道，洗了两次也没有变形。")],
        [("用两天就坏", "用了不到一周开关就失灵了。"), ("和图片不一样", "实物比图片小一圈，颜色也偏暗。"),
         ("有瑕疵", "表面有一道明显的划痕，像是退回来的货。"), ("味道大", "通风放了三天，气味还是很重。")]),
    "包装": (
        [("包得严实", "里三层外三层，玻璃的也一点没碎。"), ("适合送人", "礼盒很体面，直接拿去送人没有问题。"),
         ("环保", "没有用一大堆泡沫，纸盒还能再利用。")],
        [("太简陋", "就套了一个塑料袋，边角都磨破了。"), ("漏了配件", "盒子里少了一包螺丝，说明书也没有。"),
         ("过度包装", "小小一件东西用了四层盒子，太浪费。")]),
    "价格": (
        [("划算", "比商场里便宜了将近三成。"), ("保价痛快", "买完第二天降价，申请差价当天就退了。"), ("物有所值", "价格不算低，但是配得上这个质量。")],
        [("先涨后降", "活动前悄悄涨价，算下来一分钱也没有便宜。"), ("运费太贵", "东西才二十块，运费倒要十五块。"),
         ("算错账", "结算时少算了一张优惠券，找了两次才补。")]),
    "退换": (
        [("退款很快", "寄回去第二天就收到了退款。"), ("换货省心", "尺码不合适，换货没有多问一句就办了。"),
         ("规则清楚", "哪些能退写得明明白白，没有套路。")],
        [("退货难", "说是七天无理由，结果要我自己出来回运费。"), ("退款拖延", "货已经签收十天，退款还在审核中。"),
         ("换来还是坏的", "换回来的这件也有同样的毛病。")]),
    "应用": (
        [("界面清爽", "新版本找东西方便多了，字也大。"), ("付款顺利", "付款一次就成功，没有再卡住。"), ("提醒贴心", "会员快到期前有提醒，不用自己记。")],
        [("总是闪退", "一打开订单页就退出，重装也不行。"), ("登录麻烦", "每次都要重新收验证码，有时还收不到。"),
         ("广告太多", "想查个订单先要关掉三个弹窗。")]),
    "门店": (
        [("环境干净", "店里收拾得整齐，排队也有人引导。"), ("店员专业", "店员先问需要什么再推荐，没有硬推贵的。"), ("停车方便", "门口可以停车，买大件很方便。")],
        [("人手不够", "周末只开一个窗口，排了四十分钟。"), ("没有货", "网上显示有货，到店却说早就卖完了。"),
         ("态度冷淡", "问了三句才抬头，像是打扰了人家。")]),
    "隐私": (
        [("可以自己管", "能看到谁查过我的资料，心里踏实。"), ("说关就关", "关掉推荐以后真的不再收到推销了。"), ("核对身份严", "改手机号前核对得很仔细，麻烦一点也愿意。")],
        [("推销电话多", "下单以后接连接到几个推销电话，请查一查。"), ("要的太多", "买一件小东西为什么要填身份证号？"),
         ("退订没用", "回复了退订，短信照样发。")]),
}
NEUTRAL_ZH = [("一般", "中规中矩，没有惊喜也没有大问题。"), ("还可以", "能用，就是说明书写得太简单。"), ("再看看", "刚到手，耐不耐用要过一阵才知道。"),
              ("凑合", "这个价位也就这样了，要求不高可以买。"), ("有好有坏", "东西不错，送得慢了一点。"), ("基本满意", "总体可以，颜色选择少了些。")]

# Other countries: name in words, share, names of which locale, language, first digits of a mobile number, their count after
# that, street before number?, streets (None: from the locale), and cities as (city, region, postcode pattern).
COUNTRIES = [
    dict(iso="GB", name="United Kingdom", share=40, locale="en_GB", language="en", mobile=["+4474", "+4477", "+4478"], digits=8,
         cities=[("London", "England", "SW# #@@"), ("Manchester", "England", "M1# #@@"), ("Leeds", "England", "LS1# #@@"),
                 ("Bristol", "England", "BS# #@@"), ("Glasgow", "Scotland", "G1# #@@"), ("Cardiff", "Wales", "CF1# #@@")]),
    dict(iso="DE", name="Germany", share=12, locale="de", language="de", mobile=["+49151", "+49160", "+49171"], digits=8,
         number_last=True, cities=[("Berlin", "Berlin", "10###"), ("Hamburg", "Hamburg", "20###"), ("München", "Bayern", "80###"),
                                   ("Köln", "Nordrhein-Westfalen", "50###"), ("Leipzig", "Sachsen", "04###")]),
    dict(iso="FR", name="France", share=10, locale="fr", language="fr", mobile=["+336", "+337"], digits=8,
         streets=["Rue de la République", "Rue Victor Hugo", "Avenue Jean Jaurès", "Rue du Moulin", "Rue des Écoles"],
         cities=[("Paris", "Île-de-France", "7501#"), ("Lyon", "Auvergne-Rhône-Alpes", "6900#"), ("Nantes", "Pays de la Loire", "44#00")]),
    dict(iso="IE", name="Ireland", sold_as="EIRE", share=5, locale="en_IE", language="en", mobile=["+35385", "+35386", "+35387"],
         digits=7, streets=["Main Street", "Church Road", "Patrick Street", "Mill Lane", "The Green"],
         cities=[("Dublin", "Leinster", "D02 X###"), ("Cork", "Munster", "T12 X###"), ("Galway", "Connacht", "H91 X###")]),
    dict(iso="ES", name="Spain", share=6, locale="es", language="es", mobile=["+346"], digits=8, number_last=True,
         streets=["Calle Mayor", "Calle Real", "Avenida de la Constitución", "Plaza de España", "Calle Nueva"],
         cities=[("Madrid", "Madrid", "280##"), ("Barcelona", "Barcelona", "080##"), ("Sevilla", "Sevilla", "410##")]),
    dict(iso="NL", name="Netherlands", share=4, locale="nl", language="nl", mobile=["+316"], digits=8, number_last=True,
         streets=["Kerkstraat", "Dorpsstraat", "Molenweg", "Schoolstraat", "Stationsweg"],
         cities=[("Amsterdam", "Noord-Holland", "10## @@"), ("Utrecht", "Utrecht", "35## @@"), ("Groningen", "Groningen", "97## @@")]),
    dict(iso="SE", name="Sweden", share=3, locale="sv", language="sv", mobile=["+4670", "+4673", "+4676"], digits=7,
         number_last=True, streets=["Storgatan", "Kungsgatan", "Skolgatan", "Björkvägen", "Ängsvägen"],
         cities=[("Stockholm", "Stockholm", "11# ##"), ("Göteborg", "Västra Götaland", "41# ##"), ("Umeå", "Västerbotten", "90# ##")]),
    dict(iso="PL", name="Poland", share=3, locale="pl", language="pl", mobile=["+4850", "+4860", "+4878"], digits=7,
         number_last=True, streets=["ul. Polna", "ul. Leśna", "ul. Słoneczna", "ul. Ogrodowa"],
         cities=[("Warszawa", "mazowieckie", "00-###"), ("Kraków", "małopolskie", "30-###"), ("Łódź", "łódzkie", "90-###")]),
    dict(iso="JP", name="Japan", share=3, locale="ja", language="ja", mobile=["+8170", "+8180", "+8190"], digits=8,
         number_last=True, streets=["本町", "中央", "栄町", "緑町", "旭町", "幸町"],
         cities=[("新宿区", "東京都", "160-####"), ("横浜市西区", "神奈川県", "220-####"), ("福岡市博多区", "福岡県", "812-####")]),
    dict(iso="US", name="USA", share=8, locale="en_US", language="en", mobile=["+12122", "+13125", "+14155", "+16173", "+12064"],
         digits=6, cities=[("New York", "NY", "100##"), ("Chicago", "IL", "606##"), ("Boston", "MA", "021##"), ("Seattle", "WA", "981##")]),
    dict(iso="CA", name="Canada", share=3, locale="en_CA", language="en", mobile=["+14165", "+16043", "+15142"], digits=6,
         streets=["King Street West", "Queen Street", "Maple Avenue", "Elm Street"],
         cities=[("Toronto", "ON", "M5@ #@#"), ("Vancouver", "BC", "V6@ #@#"), ("Halifax", "NS", "B3@ #@#")]),
    dict(iso="BR", name="Brazil", share=3, locale="pt_BR", language="pt", mobile=["+55119", "+55219", "+55419"], digits=8,
         number_last=True, streets=["Rua das Flores", "Avenida Brasil", "Rua São José", "Travessa do Sol"],
         cities=[("São Paulo", "SP", "01###-###"), ("Curitiba", "PR", "80###-###"), ("Recife", "PE", "50###-###")]),
]
