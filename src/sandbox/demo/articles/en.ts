import type { Article } from "../article.ts";

export const en: Article = {
  locale: "en",
  direction: "ltr",
  kicker: "Investigation · The harbour",
  headline: "The mud that came back",
  standfirst:
    "The town of Sandmouth paid 6.4 million to have its harbour dredged. Tide tables, fuel receipts and one fisherman’s notebook show where a good part of the mud went: round the headland, and home again.",
  byline: "By Ines Aldercott and Tom Quillane · 6 minutes to read",
  sections: [
    {
      heading: null,
      paragraphs: [
        "At a quarter past two on a windless night in March, the dredger Constant Heart left her berth at Sandmouth with her lights on and her hold full. The contract that the harbour board had signed the summer before told her where to go: eleven sea miles out, to a licensed ground where the bottom falls away and the current carries silt towards deep water. The voyage there and back takes a little under four hours. She was tied up again in fifty-five minutes.",
        "Nobody was meant to notice. But Aled Brannock, who has fished for crab off Pell Head for thirty-one years, writes everything down. His notebooks, which he let us copy, list wind, water temperature, pots lifted and pots lost. Since that spring they also list a ship. “She comes round the head, she stops, she goes back,” reads the entry for 9 March. “Water brown by morning.”",
        "Over the following year he noted the same thing on 118 nights.",
      ],
    },
    {
      heading: "Paid by the mile",
      paragraphs: [
        "Dredging is simple to describe and hard to check. A ship sucks mud from the harbour floor, carries it out and lets it go. The town pays for each cubic metre and for each mile that it travels, because fuel and time are most of the cost. Whoever drops the load early is paid for a journey that was never made, and if the current is right, the mud drifts back to where it came from, to be dredged and paid for again.",
        "We asked for the harbour board’s invoices under the public records law. After five months and one appeal, we received 340 pages. Every one of the dredger’s 611 trips had been billed at the full distance. We then asked for something that nobody had thought to withhold: the fuel receipts, which the contractor, Merrow & Vane Marine, had attached to claim a rebate on duty. The fuel bought in that year would have taken the Constant Heart to the licensed ground 242 times at most.",
        { quote: "You can argue with a notebook. It is harder to argue with a tank." },
        "That is how Dr Noor Halloran, a naval engineer who checked our arithmetic for us without a fee, put it. Her estimate is cautious: she assumed a clean hull, calm seas and a crew in no hurry. Even so, between 369 and 402 trips cannot have gone where the invoices say they went. At the rate in the contract, that is 2.3 million for miles that were not sailed.",
      ],
    },
    {
      heading: "A signature at both ends",
      paragraphs: [
        "Each trip was certified by the harbour board’s own inspector. For 560 of the 611, the inspector was one man, who signed for departures and arrivals, sometimes for both within the same quarter of an hour. In the autumn he left the board’s service. Since January he has been listed as a consultant to Merrow & Vane. He told us that he “signed what the bridge reported” and that he was never given a way to verify a position.",
        "The ship carries a transponder, like every vessel of her size. On 390 nights, its signal stops at the harbour mouth and begins again at the harbour mouth. The company says that the device was faulty. It was replaced twice, and failed, according to the company’s own maintenance log, only after dark.",
        "Merrow & Vane answered our forty questions with one paragraph. It said that all work was “performed in line with industry practice” and that tides could explain “perceived discoloration”. The chair of the harbour board, Lydia Farrow, saw our figures a week before publication. She has since suspended payments and handed the invoices to the county auditor. “I should have asked about the fuel,” she said. “It never occurred to me to ask about the fuel.”",
      ],
    },
    {
      heading: "What lies on the bottom",
      paragraphs: [
        "For the people of Pell Head, this was never about invoices. The mud of a working harbour holds what two centuries of boatyards have left in it: copper, tin, the residue of old paints. At the licensed ground it is spread thin. Off the headland it has settled on the rock where crabs breed. Brannock’s notebooks show his catch falling by almost half in fourteen months. Of the nine boats that worked there three years ago, four have been sold.",
        "The county took samples last week, for the first time. Results are expected by the end of next month. The dredging itself goes on, since the channel has to be kept open for the ferry. There is one difference: a deputy from the sheriff’s office now sails with every load, with a satellite receiver bought in a camping shop.",
        "On her first night with a passenger, the Constant Heart was gone for three hours and fifty minutes. Brannock was up, as he always is. “Eleven miles,” he wrote. “Clear water.”",
      ],
    },
  ],
};
