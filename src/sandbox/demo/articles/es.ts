import type { Article } from "../article.ts";

export const es: Article = {
  locale: "es",
  direction: "ltr",
  kicker: "Investigación · El puerto",
  headline: "El lodo que volvía",
  standfirst:
    "La ciudad de Sandmouth pagó 6,4 millones para dragar su puerto. Las tablas de mareas, los recibos de combustible y la libreta de un pescador muestran adónde fue buena parte del lodo: a la vuelta del cabo, y otra vez a casa.",
  byline: "Por Ines Aldercott y Tom Quillane · 6 minutos de lectura",
  sections: [
    {
      heading: null,
      paragraphs: [
        "A las dos y cuarto de una noche de marzo sin viento, la draga Constant Heart dejó su muelle en Sandmouth con la bodega llena. El contrato que la autoridad portuaria había firmado el verano anterior decía adónde debía ir: once millas mar adentro, a una zona autorizada donde el fondo cae y la corriente arrastra el sedimento hacia aguas profundas. El viaje de ida y vuelta dura algo menos de cuatro horas. A los cincuenta y cinco minutos estaba de nuevo amarrada.",
        "Nadie tenía por qué darse cuenta. Pero Aled Brannock, que lleva treinta y un años pescando cangrejo frente a Pell Head, lo apunta todo. En sus libretas, que nos dejó copiar, figuran el viento, la temperatura del agua, las nasas recogidas y las perdidas. Desde aquella primavera figura también un barco. «Dobla el cabo, se para, se vuelve», dice la nota del 9 de marzo. «Por la mañana, agua parda».",
        "A lo largo del año siguiente anotó lo mismo 118 noches.",
      ],
    },
    {
      heading: "Pagado por millas",
      paragraphs: [
        "Dragar es fácil de explicar y difícil de comprobar. Un barco aspira el lodo del fondo del puerto, se lo lleva y lo suelta. La ciudad paga cada metro cúbico y cada milla, porque el combustible y el tiempo son casi todo el gasto. Quien suelta la carga antes cobra un viaje que no hizo. Y si la corriente acompaña, el lodo regresa al lugar de donde salió, para que lo draguen y lo paguen otra vez.",
        "Pedimos las facturas al amparo de la ley de transparencia. Tras cinco meses y un recurso, recibimos 340 páginas. Los 611 viajes se habían facturado por la distancia completa. Entonces pedimos algo que a nadie se le había ocurrido retener: los recibos de combustible, que la contratista, Merrow & Vane Marine, había adjuntado para obtener una devolución de impuestos. Con el combustible de ese año, la draga habría llegado a la zona autorizada 242 veces como mucho.",
        { quote: "Con una libreta se puede discutir. Con un depósito es más difícil." },
        "Así lo resume la doctora Noor Halloran, ingeniera naval, que revisó nuestras cuentas sin cobrar. Su cálculo es prudente: casco limpio, mar en calma, tripulación sin prisa. Aun así, entre 369 y 402 viajes no pudieron llegar adonde dicen las facturas. A la tarifa del contrato, son 2,3 millones por millas que nadie navegó.",
      ],
    },
    {
      heading: "Dos firmas, un solo hombre",
      paragraphs: [
        "Cada viaje debía certificarlo un inspector de la autoridad portuaria. En 560 de los 611 fue el mismo hombre, que firmaba la salida y la llegada, a veces ambas en el mismo cuarto de hora. En otoño dejó el puesto. Desde enero consta como asesor de Merrow & Vane. Nos dijo que firmaba «lo que comunicaba el puente» y que nunca le dieron un medio para comprobar la posición.",
        "Como todo barco de su tamaño, la draga lleva un transpondedor. En 390 noches, su señal se corta en la bocana del puerto y reaparece en la bocana del puerto. La empresa dice que el aparato estaba averiado. Se cambió dos veces y solo falló, según el propio registro de mantenimiento de la empresa, después de anochecer.",
        "Merrow & Vane respondió a nuestras cuarenta preguntas con un párrafo: todos los trabajos se habían «realizado conforme a la práctica del sector» y las mareas podían explicar «cambios de color percibidos». La presidenta de la autoridad portuaria, Lydia Farrow, vio nuestras cifras una semana antes de publicarlas. Desde entonces ha suspendido los pagos y ha entregado las facturas al auditor del condado. «Tendría que haber preguntado por el combustible», dijo. «Nunca se me ocurrió preguntar por el combustible».",
      ],
    },
    {
      heading: "Lo que hay en el fondo",
      paragraphs: [
        "Para la gente de Pell Head, esto nunca fue cuestión de facturas. El lodo de un puerto guarda lo que han dejado en él dos siglos de astilleros: cobre, estaño, restos de pinturas viejas. En la zona autorizada se dispersa. Frente al cabo se ha posado en la roca donde crían los cangrejos. Las libretas de Brannock muestran que su captura cayó casi a la mitad en catorce meses. De los nueve barcos que faenaban allí hace tres años, cuatro se han vendido.",
        "La semana pasada, el condado tomó muestras por primera vez. Los resultados se esperan para finales del mes que viene. El dragado continúa, porque el canal debe seguir abierto para el transbordador. Hay una diferencia: en cada viaje embarca ahora un agente con un receptor de satélite comprado en una tienda de acampada.",
        "En su primera noche con pasajero, la Constant Heart estuvo fuera tres horas y cincuenta minutos. Brannock velaba, como siempre. «Once millas», escribió. «Agua clara».",
      ],
    },
  ],
};
