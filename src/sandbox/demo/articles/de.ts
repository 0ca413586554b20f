import type { Article } from "../article.ts";

export const de: Article = {
  locale: "de",
  direction: "ltr",
  kicker: "Recherche · Der Hafen",
  headline: "Der Schlick, der wiederkam",
  standfirst:
    "6,4 Millionen hat die Stadt Sandmouth dafür bezahlt, dass ihr Hafen ausgebaggert wird. Gezeitentafeln, Tankquittungen und das Notizbuch eines Fischers zeigen, wohin ein guter Teil des Schlicks kam: einmal um die Landspitze herum und zurück.",
  byline: "Von Ines Aldercott und Tom Quillane · 6 Minuten Lesezeit",
  sections: [
    {
      heading: null,
      paragraphs: [
        "Um Viertel nach zwei, in einer windstillen Märznacht, legte das Baggerschiff Constant Heart mit vollem Laderaum in Sandmouth ab. Wohin es zu fahren hatte, stand im Vertrag, den die Hafenbehörde im Sommer davor unterschrieben hatte: elf Seemeilen hinaus, zu einer genehmigten Stelle, an der der Grund abfällt und die Strömung den Schlick ins tiefe Wasser trägt. Hin und zurück dauert das knapp vier Stunden. Nach fünfundfünfzig Minuten lag das Schiff wieder am Kai.",
        "Niemand sollte es bemerken. Aber Aled Brannock, der seit einunddreißig Jahren vor Pell Head Krabben fischt, schreibt alles auf. In seinen Heften, die wir kopieren durften, stehen Wind, Wassertemperatur, gehobene und verlorene Körbe. Seit jenem Frühjahr steht dort auch ein Schiff. „Kommt um die Spitze, hält, fährt zurück“, lautet der Eintrag vom 9. März. „Am Morgen Wasser braun.“",
        "Im Jahr darauf notierte er dasselbe in 118 Nächten.",
      ],
    },
    {
      heading: "Bezahlt nach Meilen",
      paragraphs: [
        "Baggern ist leicht erklärt und schwer zu prüfen. Ein Schiff saugt Schlick vom Hafengrund, bringt ihn hinaus und lässt ihn fallen. Die Stadt bezahlt jeden Kubikmeter und jede Meile, denn Treibstoff und Zeit kosten am meisten. Wer die Ladung früher loswird, bekommt eine Fahrt bezahlt, die es nie gab. Und wenn die Strömung passt, treibt der Schlick dorthin zurück, wo er herkam, und wird noch einmal gebaggert und noch einmal bezahlt.",
        "Wir haben die Rechnungen nach dem Informationsgesetz verlangt. Nach fünf Monaten und einem Widerspruch kamen 340 Seiten. Jede der 611 Fahrten war mit der vollen Strecke abgerechnet. Dann fragten wir nach etwas, an dessen Geheimhaltung niemand gedacht hatte: nach den Tankquittungen, die das Unternehmen Merrow & Vane Marine für eine Steuererstattung eingereicht hatte. Der Treibstoff dieses Jahres hätte für höchstens 242 Fahrten zur genehmigten Stelle gereicht.",
        { quote: "Mit einem Notizbuch kann man streiten. Mit einem Tank ist das schwieriger." },
        "So sagt es Dr. Noor Halloran, die als Schiffbauingenieurin unsere Rechnung unentgeltlich geprüft hat. Sie hat vorsichtig geschätzt: sauberer Rumpf, ruhige See, eine Mannschaft ohne Eile. Trotzdem können 369 bis 402 Fahrten nicht dorthin geführt haben, wo die Rechnungen sie hinschicken. Zum vereinbarten Satz sind das 2,3 Millionen für Meilen, die niemand gefahren ist.",
      ],
    },
    {
      heading: "Zwei Unterschriften, ein Mann",
      paragraphs: [
        "Jede Fahrt musste ein Prüfer der Hafenbehörde bestätigen. Bei 560 der 611 war es derselbe Mann. Er unterschrieb für Abfahrt und Ankunft, manchmal für beides in derselben Viertelstunde. Im Herbst verließ er die Behörde; seit Januar führt ihn Merrow & Vane als Berater. Er habe unterschrieben, „was die Brücke gemeldet hat“, sagte er uns. Eine Möglichkeit, die Position zu prüfen, habe er nie bekommen.",
        "Wie jedes Schiff dieser Größe trägt die Constant Heart einen Sender. In 390 Nächten endet sein Signal an der Hafeneinfahrt und beginnt dort wieder. Das Gerät sei defekt gewesen, erklärt das Unternehmen. Es wurde zweimal ersetzt und fiel, so das Wartungsbuch, nur nach Einbruch der Dunkelheit aus.",
        "Auf unsere vierzig Fragen antwortete Merrow & Vane mit einem Absatz: Alle Arbeiten seien „branchenüblich ausgeführt“ worden, und „wahrgenommene Verfärbungen“ ließen sich mit den Gezeiten erklären. Lydia Farrow, die Vorsitzende der Hafenbehörde, bekam unsere Zahlen eine Woche vor der Veröffentlichung. Sie hat die Zahlungen gestoppt und die Rechnungen dem Rechnungshof übergeben. „Ich hätte nach dem Treibstoff fragen müssen“, sagte sie. „Mir ist nie in den Sinn gekommen, nach dem Treibstoff zu fragen.“",
      ],
    },
    {
      heading: "Was am Grund liegt",
      paragraphs: [
        "Den Menschen von Pell Head ging es nie um Rechnungen. Im Schlick eines Hafens steckt, was zwei Jahrhunderte Bootsbau hinterlassen haben: Kupfer, Zinn, Reste alter Farben. An der genehmigten Stelle verteilt sich das. Vor der Landspitze hat es sich auf die Felsen gelegt, zwischen denen die Krabben laichen. Brannocks Hefte zeigen, dass sein Fang in vierzehn Monaten um fast die Hälfte zurückging. Von neun Booten, die dort vor drei Jahren fischten, sind vier verkauft.",
        "Vorige Woche hat der Bezirk zum ersten Mal Proben genommen. Die Ergebnisse werden bis Ende des nächsten Monats erwartet. Gebaggert wird weiter, denn die Fähre braucht die Fahrrinne. Einen Unterschied gibt es: Bei jeder Ladung fährt nun ein Beamter mit, mit einem Satellitenempfänger aus dem Campinggeschäft.",
        "In der ersten Nacht mit Begleitung war die Constant Heart drei Stunden und fünfzig Minuten unterwegs. Brannock war wach, wie immer. „Elf Meilen“, schrieb er. „Wasser klar.“",
      ],
    },
  ],
};
