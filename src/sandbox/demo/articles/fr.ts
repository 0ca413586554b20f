import type { Article } from "../article.ts";

export const fr: Article = {
  locale: "fr",
  direction: "ltr",
  kicker: "Enquête · Le port",
  headline: "La vase qui revenait",
  standfirst:
    "La ville de Sandmouth a payé 6,4 millions pour faire draguer son port. Les tables de marée, les reçus de carburant et le carnet d’un pêcheur montrent où une bonne part de la vase est allée : derrière le cap, puis de retour chez elle.",
  byline: "Par Ines Aldercott et Tom Quillane · 6 minutes de lecture",
  sections: [
    {
      heading: null,
      paragraphs: [
        "À deux heures et quart, par une nuit de mars sans vent, la drague Constant Heart a quitté son quai de Sandmouth, la cale pleine. Le contrat signé par l’autorité portuaire l’été précédent lui disait où aller : à onze milles au large, sur une zone autorisée où le fond plonge et où le courant emporte les sédiments vers les grandes profondeurs. L’aller-retour prend un peu moins de quatre heures. Cinquante-cinq minutes plus tard, elle était de nouveau amarrée.",
        "Personne n’était censé le remarquer. Mais Aled Brannock, qui pêche le crabe devant Pell Head depuis trente et un ans, note tout. Ses carnets, qu’il nous a laissé copier, recensent le vent, la température de l’eau, les casiers relevés et les casiers perdus. Depuis ce printemps-là, ils recensent aussi un navire. « Elle passe le cap, elle s’arrête, elle repart », dit la page du 9 mars. « Au matin, eau brune. »",
        "L’année suivante, il a noté la même chose 118 nuits.",
      ],
    },
    {
      heading: "Payé au mille",
      paragraphs: [
        "Le dragage est facile à décrire et difficile à contrôler. Un navire aspire la vase au fond du port, l’emporte et la lâche. La ville paie chaque mètre cube et chaque mille parcouru, car le carburant et le temps font l’essentiel du coût. Qui lâche sa cargaison plus tôt est payé pour un voyage qui n’a pas eu lieu. Et si le courant s’y prête, la vase revient là où elle était, pour être draguée et payée une seconde fois.",
        "Nous avons demandé les factures au titre de la loi sur les documents publics. Après cinq mois et un recours, nous avons reçu 340 pages. Chacun des 611 voyages avait été facturé à pleine distance. Nous avons alors demandé ce que personne n’avait pensé à retenir : les reçus de carburant, que l’entreprise Merrow & Vane Marine avait joints pour obtenir une remise de taxe. Le carburant de cette année-là aurait permis 242 voyages, au mieux, jusqu’à la zone autorisée.",
        { quote: "On peut contester un carnet. Un réservoir, c’est plus difficile." },
        "C’est ainsi que le résume Noor Halloran, ingénieure navale, qui a vérifié nos calculs bénévolement. Son estimation est prudente : coque propre, mer calme, équipage sans hâte. Malgré cela, entre 369 et 402 voyages ne peuvent pas être allés là où les factures les envoient. Au tarif du contrat, cela représente 2,3 millions pour des milles que personne n’a parcourus.",
      ],
    },
    {
      heading: "Deux signatures, un seul homme",
      paragraphs: [
        "Chaque voyage était certifié par un inspecteur de l’autorité portuaire. Pour 560 des 611, c’était le même homme, qui signait au départ et à l’arrivée, parfois les deux dans le même quart d’heure. À l’automne, il a quitté son poste. Depuis janvier, il figure comme consultant chez Merrow & Vane. Il nous a dit avoir signé « ce que la passerelle déclarait » et n’avoir jamais eu le moyen de vérifier une position.",
        "Comme tout navire de cette taille, la drague porte un transpondeur. Pendant 390 nuits, son signal s’arrête à l’entrée du port et reprend à l’entrée du port. L’appareil était défectueux, dit l’entreprise. Il a été remplacé deux fois et n’est tombé en panne, selon le registre d’entretien de l’entreprise elle-même, qu’après la tombée du jour.",
        "À nos quarante questions, Merrow & Vane a répondu par un paragraphe : tous les travaux ont été « exécutés selon les usages du métier » et les marées peuvent expliquer « une coloration perçue ». La présidente de l’autorité portuaire, Lydia Farrow, a vu nos chiffres une semaine avant la publication. Elle a depuis suspendu les paiements et transmis les factures à la chambre des comptes. « J’aurais dû demander pour le carburant », dit-elle. « Il ne m’est jamais venu à l’esprit de demander pour le carburant. »",
      ],
    },
    {
      heading: "Ce qui repose au fond",
      paragraphs: [
        "Pour les gens de Pell Head, il ne s’est jamais agi de factures. La vase d’un port garde ce que deux siècles de chantiers y ont laissé : cuivre, étain, restes de vieilles peintures. Sur la zone autorisée, tout cela se disperse. Devant le cap, cela s’est déposé sur les roches où les crabes se reproduisent. Les carnets de Brannock montrent une pêche réduite de près de moitié en quatorze mois. Des neuf bateaux qui travaillaient là il y a trois ans, quatre ont été vendus.",
        "La semaine dernière, le comté a fait ses premiers prélèvements. Les résultats sont attendus d’ici la fin du mois prochain. Le dragage continue, car il faut garder le chenal ouvert pour le ferry. Une chose a changé : un agent embarque désormais à chaque voyage, avec un récepteur satellite acheté dans un magasin de camping.",
        "La première nuit avec passager, la Constant Heart est restée absente trois heures cinquante. Brannock veillait, comme toujours. « Onze milles », a-t-il écrit. « Eau claire. »",
      ],
    },
  ],
};
