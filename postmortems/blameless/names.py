"""First names, so that a name at the start of a sentence is known for one.

Names that are also everyday words or well-known tools (Will, Page, Luigi, Iris)
are left out; such a name is still recognised inside a sentence by its capital.
"""

from postmortems.blameless.wordlist import words

FIRST_NAMES = words(
    """
    aaron abby abdul abdullah abel abigail ada adam adel adele aditi aditya adrian
    adriana agnes agnieszka ahmad ahmed aida aiden aisha ajay akira alan alana alba
    albert alberto aldo alejandra alejandro aleksander aleksandra alessandra
    alessandro alex alexa alexander alexandra alexandre alexis alfonso alfred
    alfredo ali alice alicia alina alison allan allen allison alma alvaro amanda
    amelia amina amir amit amy ana anand anastasia anders andre andrea andreas
    andrei andres andrew andrey andrzej andy angela angelica angelo anika anil anita
    anja anjali ankit ann anna anne annette annie anthony anton antonia antonio anya
    arjun arthur arturo asha ashley asif astrid ayesha barbara bartosz bastian beata
    beatrice beatriz ben benedict benjamin bernard bernardo beth bianca bill billy
    björn bjorn bob bogdan boris brad brandon brenda brendan brent brett brian
    bridget brigitte bruce bruno bryan caleb camila camille carl carla carlos carmen
    carol carolina caroline cary catalina catherine cathy cecilia cesar chad chandra
    charles charlie charlotte chen chiara chloe chris christian christina christine
    christophe christopher cindy claire clara clare claudia claudio claus colin
    connor constantin cora craig cristian cristina curtis cynthia daan daisy damian
    damien dan dana daniel daniela daniele danielle danny daria dario darius daryl
    dave david dawid debbie deborah deepa deepak denis denise dennis derek devon
    diana diane diego dieter dimitri dina dmitri dmitry dmytro dolores dominic
    dominik dominique don donald donna doris dorota dorothy doug douglas duncan
    dustin dylan eddie edgar eduardo edward edwin eileen elaine elena eleanor eli
    elias elif elijah elisa elisabeth elise elizabeth ella ellen elliot emil emilia
    emilie emilio emily emma emmanuel enrico enrique eric erica erik erika erin
    ernesto ernst esteban esther ethan eugene eva evan evelyn ewa fabian fabio farah
    fatima fatma federica federico felicia felipe felix fernanda fernando fiona
    florence florian francesca francesco francis francisco franco francois françois
    frank franz fred freddie frederic frederik gabriel gabriela gabriele gareth gary
    gavin geoff geoffrey george georgia georgina gerald gerard gerhard giacomo
    gianluca gina giorgio giovanna giovanni giulia giuseppe gloria gonzalo gopal
    gordon graham greg gregor gregory greta guillaume guillermo gunnar gustav
    gustavo hamza hana hanna hannah hannes hans harald harish harold harry hasan
    hassan heather hector heidi heike heinz helen helena helga helmut hendrik henrik
    henry herbert hiroshi holger howard hugh ian ibrahim ignacio igor ilse imran
    ines inga ingrid irene irina isaac isabel isabella isabelle ismail ivan ivana
    jaap jack jackie jacob jacqueline jacques jaime jake jakob jakub james jamie jan
    jana jane janet janine jared jasmin jason javier jean jeff jeffrey jen jenna
    jennifer jenny jens jeremy jerome jerry jesper jess jesse jessica jesus jie jill
    jim jimmy jing joachim joan joana joanna joao joão joanne joaquin jochen joe
    joel joelle joerg johan johanna johannes john johnny jon jonas jonathan jordan
    jorge jose josé josef joseph josephine josh joshua joy joyce juan juana juanita
    judith judy julia julian juliana julie julien juliet julio julius jun jurgen
    jürgen justin justyna kai kamal kamil karen karim karin karina karl karla kasper
    kate katarina katarzyna katherine kathleen kathryn kathy katie katja katrin
    katya kavita kay keith kelly ken kenji kenneth kerstin kevin khaled khalid kim
    kiran kirsten klaus konrad konstantin kris krishna kristen kristian kristin
    kristina krzysztof kumar kurt kyle lakshmi lara larry lars laszlo laura lauren
    laurence laurent lea leah leila lena leo leon leonard leonardo leonie leszek
    lewis li liam lidia lilian lily lina linda lindsay lisa liu liz lorena lorenzo
    louis louisa louise luca lucas lucia lucie lucy luis luisa luiz lukas łukasz
    lukasz luke lydia lynn maciej magda magdalena magnus mahmoud maja malcolm malik
    manfred manoj manuel manuela marc marcel marcello marcelo marcin marco marcos
    marcus margaret margarita maria maría mariam mariana marie marija marina mario
    marion marius mariusz marjorie marko markus marlene marta martha martin martina
    marvin mary marzena mateo mateusz mathias mathieu mathilde matilda matt matteo
    matthew matthias maureen maurice mauricio max maxim maxime maya megan mehdi
    mehmet mei melanie melissa mercedes mia michael michaela michał michal michel
    michele michelle miguel mihai mika mike mikhail mila milan milos mina ming
    miranda miriam mirko mohamed mohammad mohammed mohan moira molly mona monica
    monika morgan moritz muhammad mustafa nadia nadine naomi natalia natalie natasha
    nathalie nathan neha neil nelson nicholas nick nicola nicolas nicole niels nigel
    nikhil nikita niklas nikola nikolai nils nina nisha noah noel noemi nora norman
    olaf ole oleg oleksandr olga oliver olivia olivier omar oscar oskar osman otto
    pablo pamela paolo pascal patricia patrick patrik patryk paul paula paulina
    pauline paulo pavel pavlo paweł pawel pedro peggy pernille perry peter petra
    phil philip philipp philippe phoebe pia pierre pilar piotr prakash pranav prasad
    pratik preeti priya priyanka qing quentin rachel radek rafael rafał rafal rahul
    raj rajesh rakesh ralf ralph ramesh ramon ramona randy raphael raquel rashid
    raul ravi raymond rebecca regina reinhard rene renata renate ricardo riccardo
    richard rick rita rob robert roberta roberto robin rodrigo roger rohan rohit
    roland rolf roman romain ron ronald rosa rosie ross roxana roy ruben rui rupert
    russell ruth ryan sabine sabrina sally salma sam samantha samir samira samuel
    sandeep sander sandra sanjay santiago sara sarah sascha sasha satoshi saul scott
    sean sebastian selma serena serge sergei sergey sergio seth shannon sharon shaun
    sheila shelly sherry shirley shiva shreya sibylle sid silke silvia simon simona
    simone siobhan sofia sofie solveig sonia sonja sophia sophie søren soren stacy
    stan stanislav stefan stefania stefano stella stephan stephanie stephen steve
    steven stuart sue sunil sunita suresh susan susana susanne suzanne sven svetlana
    swati sylvia sylvie szymon takashi tamara tania tanja tanya tara tariq tatiana
    ted teresa terry theo theodore theresa thierry thomas tiago tiffany tim timo
    timothy tina tobias todd tom tomas tomasz tommy toni tony tracy travis tristan
    tyler udo ulrich ulrike umar ursula uwe valentin valentina valeria valerie
    vanessa vasily vera verena veronica veronika vicky victor victoria vijay vikram
    viktor viktoria vincent vincenzo viola violeta virginia vishal vivek vivian
    vladimir volker walter wanda wei wendy werner wilhelm wilma wojciech wolfgang
    xavier xiao yan yang yannick yara yasmin yasmine yolanda youssef yuki yulia yuri
    yusuf yvette yvonne zahra zainab zhang zoe zoë zofia zoltan zuzana
    """
)
